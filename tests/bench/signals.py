"""`make bench-statistics`: how often the rules cry wolf, and what they find. The program's own functions, seeded."""

from __future__ import annotations

from functools import partial

import numpy as np
from signal_simulation import (
    HISTORIES,
    drifting_shares,
    false_signals,
    is_signal,
    judged,
    power,
    row_of,
    shares,
    slope_judged,
    volumes,
)

from tasks.core import statistics

NULL_WEEKS = 1000
POWER_RUNS = 400


def main() -> None:
    print(f"20 measures a week; {NULL_WEEKS:,} weeks in which nothing changes, {POWER_RUNS} runs for each power.\n")
    print("False Signals a week (n in {15, 40, 80, 250}, shares of 10 to 50 %)")
    print(f"{'history':>10} {'rho=0':>8} {'.005':>8} {'.01':>8} {'.02':>8} {'.05':>8}")
    for history in HISTORIES:
        rates = []
        for rho in (0, 0.005, 0.01, 0.02, 0.05):
            draw = partial(shares, np.random.default_rng(5), rho=rho)
            rates.append(false_signals("negative_share", NULL_WEEKS, history, draw))
        print(f"{history:>4} weeks " + " ".join(f"{rate:8.3f}" for rate in rates))

    print("\nPower: a measure at 30 % rises in one week")
    print(f"{'history':>10} {'rho':>5} {'n=250 +10':>10} {'n=250 +15':>10} {'n=40 +15':>10} {'n=40 +30':>10}")
    for history in HISTORIES:
        for rho in (0, 0.02):
            found = [
                power(POWER_RUNS, row_of(size), change, history=history, rho=rho)
                for size, change in ((250, 0.10), (250, 0.15), (40, 0.15), (40, 0.30))
            ]
            print(f"{history:>4} weeks {rho:>5} " + " ".join(f"{100 * share:9.0f}%" for share in found))

    print("\nVolumes: false Signals a week among 20, and how often one that rises by 30 % or 60 % is found")
    print(f"{'test':>6} {'history':>9} {'dispersion':>11} {'mean':>6} {'false':>8} {'+30 %':>8} {'+60 %':>8}")
    student = statistics.two_sided_t
    for name, test in (("z", lambda t, _: statistics.two_sided(t)), ("t", student)):
        statistics.two_sided_t = test
        for history in HISTORIES:
            for dispersion in (1, 3, 10):
                for mean in (60, 400):
                    print(
                        f"{name:>6} {history:>3} weeks {dispersion:>10} {mean:>7} "
                        + _volume_row(history, dispersion, mean)
                    )
    statistics.two_sided_t = student

    print("\nTwelve-week slopes: false Signals a week among 20, and a drift of one measure found after twelve weeks")
    print(f"{'rho':>6} {'false':>8} {'n=250 +1/week':>14} {'n=80 +1/week':>14} {'n=250 +0.5/week':>16}  8-week rule")
    for rho in (0, 0.01, 0.02):
        rng = np.random.default_rng(8)
        found = is_signal(slope_judged("negative_share", shares(rng, NULL_WEEKS + 12, rho)))[:, 12:]
        drifts = []
        for size, points in ((250, 1.0), (80, 1.0), (250, 0.5)):
            row = row_of(size)
            runs = [drifting_shares(rng, row, points, rho) for _ in range(POWER_RUNS)]
            drifts.append(np.mean([slope_judged("negative_share", k)[row, -1] == "signal_up" for k in runs]))
            if (size, points) == (250, 1.0):
                baseline = np.mean([judged("negative_share", k)[row, -1] == "signal_up" for k in runs])
        print(
            f"{rho:>6} {found.sum() / NULL_WEEKS:8.3f} {100 * drifts[0]:13.0f}% {100 * drifts[1]:13.0f}% "
            f"{100 * drifts[2]:15.0f}%  {100 * baseline:.0f}%"
        )
    rng = np.random.default_rng(9)
    for dispersion in (1, 3):
        found = is_signal(slope_judged("volume", volumes(rng, NULL_WEEKS + 12, 200, dispersion)))[:, 12:]
        print(
            f"volumes of 200 with {dispersion} x Poisson's variance: {found.sum() / NULL_WEEKS:.3f} false slopes a week"
        )


def _volume_row(history: int, dispersion: float, mean: float) -> str:
    rng = np.random.default_rng(7)
    null = false_signals("volume", NULL_WEEKS // 2, history, partial(volumes, rng, mean=mean, dispersion=dispersion))
    found = []
    for factor in (1.3, 1.6):
        hits = 0
        for _ in range(POWER_RUNS // 2):
            counts = volumes(rng, history + 1, mean, dispersion)
            counts[0, -1] = round(counts[0, -1] * factor)
            hits += judged("volume", counts)[0, -1] == "signal_up"
        found.append(hits / (POWER_RUNS // 2))
    return f"{null:8.3f} " + " ".join(f"{100 * share:7.0f}%" for share in found)


if __name__ == "__main__":
    main()
