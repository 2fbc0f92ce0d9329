"""By which words an English sentence prefers one of two names to the other, or says that they are alike.

A rule is (before, between, after, who is preferred): regular expressions over what stands before the first name,
between the two, and behind the second; an empty one says nothing, and between is matched from its beginning. The first
rule that fits decides, so what turns another rule round stands above it. Adjectives, and nouns of which one wants more
or less, are lists: what is not there decides nothing.
"""

from __future__ import annotations

import re

from tasks.core.comparison_words import FIRST, OPEN, SECOND, AlikeRule, Patterns, Rule, any_of, compiled

_GOOD_EN = any_of(
    "good great nice fast quick quiet sturdy reliable comfortable comfy smooth tasty delicious friendly bright "
    "easy clean accurate helpful durable sharp convenient responsive safe strong solid affordable cool fresh "
    "stable precise polite pleasant attractive beautiful pretty light crisp clear efficient effective powerful "
    "intuitive useful consistent impressive generous spacious secure modern elegant enjoyable trustworthy robust "
    "accessible flexible professional courteous attentive satisfying competent well happy"
)
_BAD_EN = any_of(
    "bad slow noisy loud flimsy unreliable uncomfortable confusing expensive pricey ugly rude dirty fragile "
    "buggy annoying outdated weak blurry clumsy terrible awful horrible poor overpriced cheaply-made clunky "
    "laggy dull bland bitter difficult frustrating disappointing messy cramped unstable inaccurate unhelpful "
    "useless muddy grainy complicated risky boring unpleasant"
)
_BETTER_EN = any_of(
    "better faster quicker quieter sturdier comfier smoother tastier friendlier brighter easier nicer cheaper "
    "cleaner stronger sharper safer cooler fresher clearer crisper prettier lighter healthier fairer superior "
    "happier smarter"
)
_WORSE_EN = any_of(
    "worse slower louder flimsier pricier uglier ruder dirtier weaker buggier noisier blurrier clumsier harder "
    "poorer duller messier clunkier laggier costlier riskier inferior sooner dimmer heavier bulkier cheaper-looking"
)
# What one wants less of, and what one wants more of: with them, amounts and sizes have a pole.
_TROUBLES = (
    "bugs?|problems?|issues?|errors?|crashes|complaints?|defects?|glitches|noise|trouble|ads|fees|delays?|repairs?|flaws"
    "|returns|outages|downtime|lag|latency|hassle|waste|plastic|maintenance|waiting|waits?|wait times?|queues?|prices?"
    "|costs|power consumption|fuel consumption|failure rates?|failures|recalls?|breakdowns|interest|commission"
)
_GAINS = (
    "features|options|storage|value|room|space|memory|choices?|range|battery life|battery|warranty|screen|display|tank"
    "|capacity|lifespan|selection|resolution|discounts?|portions|menu|ratings?|quality|coverage|functions|fun|comfort"
    "|flavou?r|support"
)
_MORE = "longer|bigger|larger|higher|wider|greater|broader"
_LESS = "shorter|smaller|lower|narrower"
_WEARS = (
    r"drains?|dies?|wears? (?:out|down)|breaks?(?: down)?|fails?|rusts?|fades?|cracks?|clogs?|overheats?|empties|ages"
    r"|discharges?|loses? (?:\w+ )?(?:charge|value|power|battery)|falls? apart|melts?|goes? bad|gets? dirty"
)
_TIMES = r"(?:twice|(?:two|three|four|five|ten|\d+) times|double)"
_BREAKS = "crash(?:es)?|jams?|breaks?|fails?|freezes?|leaks?|lags?|overheats?|disconnects?|stalls?"


_PLUS = (
    rf"(?:{_BETTER_EN}|more (?:\w+ly )?(?:{_GOOD_EN})|less (?:{_BAD_EN}|of a (?:hassle|pain|problem))"
    rf"|(?:fewer|less|less of the) (?:\w+ )?(?:{_TROUBLES})|more (?:\w+ )?(?:{_GAINS})"
    rf"|(?:{_MORE}) (?:\w+ )?(?:{_GAINS})"
    rf"|(?:{_LESS}) (?:\w+ )?(?:{_TROUBLES})|(?:{_BREAKS}|{_WEARS}) (?:\w+ ){{0,2}}(?:less(?: often)?|slower|later)"
    r"|(?:costs?|uses?|needs?|consumes?|wastes?|charges?) (?:\w+ ){0,2}less|lasts? longer|longer lasting"
    r"|gives? (?:you |me |us )?more)"
)
_MINUS = (
    rf"(?:{_WORSE_EN}|less (?:{_GOOD_EN})|more (?:\w+ly )?(?:{_BAD_EN})|more of a (?:hassle|pain|problem)"
    rf"|more (?:\w+ )?(?:{_TROUBLES})|(?:fewer|less) (?:\w+ )?(?:{_GAINS})|(?:{_MORE}) (?:\w+ )?(?:{_TROUBLES})"
    rf"|(?:{_LESS}) (?:\w+ )?(?:{_GAINS})"
    rf"|(?:{_BREAKS}|{_WEARS}) (?:\w+ ){{0,2}}(?:more(?: often)?|faster|quicker|sooner|earlier)"
    r"|(?:costs?|charges?|uses?|consumes?|wastes?) (?:\w+ )?more|takes? longer)"
)
_PRAISE_EN = (
    "dream|relief|joy|bargain|delight|steal|winner|revelation|game.changer|breath of fresh air|pleasure|premium|treat"
)
_BLAME_EN = (
    "joke|nightmare|disappointment|toy|rip-?off|letdown|let-down|waste|dated|junk|trash|garbage|amateurish|pain|disaster"
    "|mess|(?:feels|looks|sounds) cheap|cheap toy"
)
_NOT = r"(?:\b(?:no|not|never|neither|nor|hardly|barely)\b|n't\b)"
_THE = r"(?:(?:the|my|our|his|her|their|an?|any|this|that|those|those of|that of|old|other)\s+)*"
_END = rf"\s+{_THE}(?:[\w' ]{{0,25}}\s(?:of|from|by|at|on|in)\s+)?{_THE}$"
_ANY = r"[^.;!?]{0,60}?"
_NOT_AS = rf"(?:{_NOT}|half|nowhere near)[^.;,]{{0,20}}\b(?:as|so)"
_NEXT_TO = rf"\b(?:compared (?:to|with)|next to|beside|against)\s+{_THE}$"

_GET = (
    r"(?:take|choose|chose|chosen|choosing|pick(?:ed|ing)?|recommend|buy|bought|buying|get|got|getting|want|favou?r"
    r"|(?:go|gone|going|went|stick|stuck) with|order(?:ed)?)"
)
_LEAVE = (
    r"(?:skip|avoid|forget(?: about)?|ditch|(?:don't|do not|never|wouldn't) (?:buy|get|choose|bother with|use)"
    r"|stay away from|steer clear of)"
)
_OVER = r"\b(?:over|rather than|instead of|not|and not|any day over|never)"
_STOPS = r"(?:broke|died|failed|stopped working|gave up|crashed|let (?:me|us) down|leaked|burnt out|fell apart)"
_UNFAILING = (
    r"(?:(?:actually|really|simply|just|still|always) )?(?:works?|worked|delivers?|delivered|lasts?|lasted)\b"
    rf"|(?:{_NOT}) (?:\w+ )?(?:crash|leak|break|broke|fail|jam|freeze|froze|lag|overheat|disconnect|stall|let"
    r"|disappoint)"
)

_RULES_EN: tuple[Rule, ...] = (
    (r"\b(?:some|others|people|they|many) (?:say|think|claim|argue|believe)\b[^.;]*$", _ANY, "", OPEN),
    ("", rf"{_ANY}\b(?:used to|once|no longer)\b[^.;,]{{0,25}}\b{_PLUS}\b[^.;,]{{0,30}}\bthan{_END}", "", SECOND),
    ("", rf"{_ANY}\b(?:used to|once|no longer)\b[^.;,]{{0,25}}\b{_MINUS}\b[^.;,]{{0,30}}\bthan{_END}", "", FIRST),
    ("", rf"{_ANY}{_NOT}[^.,;]{{0,25}}\b(?:{_PLUS}|{_MINUS})\b", "", OPEN),
    ("", rf"{_ANY}\b{_MINUS}\b[^.;,]{{0,30}}\bthan{_END}", "", SECOND),
    ("", rf"{_ANY}\b{_PLUS}\b[^.;,]{{0,30}}\bthan{_END}", "", FIRST),
    (
        "",
        rf"{_ANY}(?:costs? {_TIMES} as much|takes? {_TIMES} as long|{_TIMES} the (?:price|cost)) (?:as|of){_END}",
        "",
        SECOND,
    ),
    ("", rf"{_ANY}(?:(?:costs?|takes?) half as (?:much|long)|half the (?:price|cost)) (?:as|of){_END}", "", FIRST),
    ("", rf"{_ANY}\bin half the time (?:of|as){_END}|{_ANY}\bhalf the time{_END}", "", FIRST),
    (
        "",
        rf"{_ANY}\b{_TIMES} as (?:{_GOOD_EN}|long|many (?:{_GAINS})|much (?:{_GAINS}))\b[^.;,]{{0,20}}\bas{_END}",
        "",
        FIRST,
    ),
    (
        "",
        rf"{_ANY}\b{_TIMES} as (?:{_BAD_EN}|heavy|many (?:{_TROUBLES})|much (?:{_TROUBLES}))\b[^.;,]{{0,20}}\bas{_END}",
        "",
        SECOND,
    ),
    ("", rf"{_ANY}{_NOT_AS} (?:{_GOOD_EN})\b[^.;,]{{0,25}}\bas{_END}", "", SECOND),
    ("", rf"{_ANY}{_NOT_AS} (?:{_BAD_EN}|heavy|bulky)\b[^.;,]{{0,25}}\bas{_END}", "", FIRST),
    (r"\bregret not\b[^.;]*$", rf"[^.;]{{0,15}}{_OVER}{_END}", "", FIRST),
    (r"\b(?:regret(?:ted)?|mistake|shouldn't have)\b[^.;]*$", rf"[^.;]{{0,15}}{_OVER}{_END}", "", SECOND),
    (r"\b(?:wish|should(?:'ve| have))\b[^.;]*$", rf"[^.;]{{0,15}}{_OVER}{_END}", "", FIRST),
    (r"\bwish\b[^.;]*$|\bif only\b[^.;]*$", rf"{_ANY}\b(?:as|so|like|of)\b", "", SECOND),
    (
        "",
        rf"[^.;]{{0,25}}\b(?:wish|should(?:'ve| have))\b[^.;]{{0,25}}"
        rf"\b(?:bought|gone with|chosen|gotten?|kept|stuck with|picked|stayed with){_END}",
        "",
        SECOND,
    ),
    (
        "",
        rf"(?![^.;,]{{0,20}}{_NOT})(?:'s?)?\s+(?:\w+ ){{0,2}}(?:beats?|outperforms?|outdoes|outclass(?:es)?|outshines?"
        r"|outsells?|outlasts?|outpaces?|outstrips?|tops|trumps?|edges? out|smokes"
        r"|surpass(?:es)?|overtakes?|overtook|crush(?:es|ed)?|destroys?|defeats?|trounces?"
        rf"|wins? (?:\w+ ){{0,3}}(?:against|over)|(?:has|have|keeps) (?:\w+ )?edge over|pulls? (?:\w+ )?ahead of"
        rf"|takes? (?:\w+ )?share from|wipes? the floor with|knocks? the socks off|runs? (?:rings|circles) around"
        rf"|(?:is|are|was|feels) (?:\w+ ){{0,2}}(?:superior to|ahead of|above|preferable to"
        rf"|(?:different|another) league (?:from|than|to)|(?:step|notch|cut) (?:up from|above)|improvement (?:over|on)"
        rf"|upgrade (?:from|over)|head and shoulders above)"
        rf"|leaves){_END}",
        "",
        FIRST,
    ),
    ("", rf"{_ANY}\b(?:in (?:a different|another) league (?:from|than|to)|head and shoulders above){_END}", "", FIRST),
    (
        "",
        rf"(?:'s?)?\s+(?:\w+ ){{0,2}}(?:loses? (?:\w+ ){{0,2}}(?:to|against|out to)|lags? (?:\w+ )?behind"
        r"|trails?(?: behind)?|falls? (?:\w+ )?(?:short of|behind)"
        r"|(?:can(?:no|')t|could(?:n't| not)|can not) (?:even )?(?:match|compete with|beat|touch"
        r"|compare (?:to|with)|keep up with)"
        r"|pales (?:beside|next to|in comparison (?:to|with))|has nothing on"
        rf"|is no (?:match|substitute) for|is (?:\w+ ){{0,2}}(?:inferior to|behind|step down from|downgrade from)"
        rf"){_END}",
        "",
        SECOND,
    ),
    (
        "",
        rf"{_ANY}{_NOT} (?:\w+ ){{0,2}}(?:hold a candle to|come (?:\w+ )?close to|close to|(?:in|on) the same league as"
        rf"|on (?:a )?par with|up to|a patch on){_END}",
        "",
        SECOND,
    ),
    (
        "",
        rf"[^.;,]{{0,15}}\b(?:is|was|just|only)\b[^.;,]{{0,20}}"
        rf"\b(?:(?:copy|copies|knock-?off|rip-?off) of|poor man's){_END}",
        "",
        SECOND,
    ),
    (
        "",
        rf"[^.;]{{0,20}}\b(?:is|was|been|gets?|got) (?:\w+ )?"
        rf"(?:beaten|outperformed|overtaken|outsold|outclassed) by{_END}",
        "",
        SECOND,
    ),
    (r"\bprefer(?:red|s)?\b[^.;]{0,20}$", rf"[^.;]{{0,25}}\b(?:to|over|rather than|instead of){_END}", "", FIRST),
    (r"\brather\b[^.;]{0,25}$", rf"[^.;]{{0,15}}\bthan{_END}", "", FIRST),
    (
        r"\b(?:like|love|trust|enjoy|value|recommend)\b[^.;]{0,15}$",
        rf"[^.;]{{0,12}}\b(?:more|better) than{_END}",
        "",
        FIRST,
    ),
    (r"\b(?:like|love|trust|enjoy|value|recommend)\b[^.;]{0,15}$", rf"[^.;]{{0,12}}\bless than{_END}", "", SECOND),
    (
        rf"\b{_LEAVE}\s+{_THE}$",
        rf"[^.;]{{0,12}}(?:,|\band\b|\bbut\b) (?:\w+ ){{0,2}}(?:{_GET}|go for|try|use){_END}",
        "",
        SECOND,
    ),
    (
        rf"\b(?:instead of|rather than)\s+{_THE}$",
        rf"[^.;]{{0,8}},[^.;]{{0,20}}\b(?:{_GET}|go for|try|use){_END}",
        "",
        SECOND,
    ),
    (
        rf"(?<!not )(?<!n't )\b{_GET}\b[^.;]{{0,20}}$",
        rf"[^.;]{{0,15}}{_OVER}{_END}|[^.;]{{0,8}}(?:,|\band\b) (?:\w+ )?{_LEAVE}{_END}",
        "",
        FIRST,
    ),
    (
        r"\b(?:nothing|nobody|no one|none)\b[^.;]{0,20}"
        rf"\b(?:beats?|comes? close to|matches|touches|tops|compares to)\s+{_THE}$",
        rf"[^.;]{{0,5}},[^.;]{{0,10}}\b(?:not even|certainly not|and not|least of all|including){_END}",
        "",
        FIRST,
    ),
    (
        r"\b(?:switch(?:ed|ing)?|mov(?:ed|ing)|chang(?:ed|ing)|migrated|upgraded|returned"
        r"|(?:went|came|come|go|going|am|are) back)\b"
        rf"[^.;]{{0,12}}\bto\s+{_THE}$",
        rf"[^.;]{{0,6}}\b(?:from|after|because|since)\b[^.;,]{{0,20}}{_END}|[^.;]{{0,6}}\b(?:from|after|because){_END}",
        "",
        FIRST,
    ),
    (
        r"\b(?:switch(?:ed|ing)?|mov(?:ed|ing)|chang(?:ed|ing)|migrated|defected|upgraded|went|swapped)\b[^.;]{0,20}\bfrom\s+"
        rf"{_THE}$",
        rf"[^.;]{{0,15}}\bto{_END}",
        "",
        SECOND,
    ),
    (
        rf"\bafter\b[^.;]{{0,20}}\b(?:with|of|on|using|at)\s+{_THE}$",
        rf"[^.;]{{0,12}}\b(?:moved|switched|changed|went|came) (?:\w+ )?to{_END}",
        "",
        SECOND,
    ),
    (
        rf"\b(?:ditched|dropped|dumped|traded(?: in)?|swapped|left|abandoned|gave up|replaced|quit|leaving)\s+{_THE}$",
        rf"[^.;]{{0,15}}\b(?:for|with|in favou?r of){_END}",
        "",
        SECOND,
    ),
    (
        rf"\b(?:returned|sold|cancelled|canceled|skip|sent back|threw away)\s+{_THE}$",
        rf"[^.;]{{0,12}}\band (?:\w+ )?(?:bought|buy|got|get|ordered|chose|signed up with|went with|switched to){_END}",
        "",
        SECOND,
    ),
    (
        "",
        rf"[^.;]{{0,15}}\b{_STOPS}\b[^.;]{{0,25}}"
        rf"\b(?:bought|got|ordered|went with|(?:switched|moved) to|replaced it with){_END}",
        "",
        SECOND,
    ),
    (
        "",
        rf"[^.;]{{0,25}}\buntil (?:i|we|she|he) (?:\w+ )?(?:tried|got|bought|found|discovered|switched to){_END}",
        "",
        SECOND,
    ),
    (r"\bwhy\b[^.;]{0,25}$", rf"[^.;]{{0,10}}\bwhen{_END}", "", SECOND),
    (_NEXT_TO, r"[^.;]*,", rf"^[^.;,]{{0,30}}\b(?:{_PLUS}|{_GOOD_EN}|{_PRAISE_EN})\b", SECOND),
    (_NEXT_TO, r"[^.;]*,", rf"^[^.;,]{{0,30}}\b(?:{_MINUS}|{_BAD_EN}|{_BLAME_EN})\b", FIRST),
    (rf"\bafter\s+{_THE}$", r"[^.;]{0,5},", rf"^[^.;,]{{0,12}}\b(?:{_PRAISE_EN})\b", SECOND),
    (rf"\bafter\s+{_THE}$", r"[^.;]{0,5},", rf"^[^.;,]{{0,12}}\b(?:{_BLAME_EN})\b", FIRST),
    (
        rf"\bunlike\s+{_THE}$",
        r"[^.;]{0,12},",
        rf"^[^.;,]{{0,15}}\b(?:{_UNFAILING}|(?:is|was|are) (?:\w+ )?(?:{_GOOD_EN})\b)",
        SECOND,
    ),
    (
        rf"\bunlike\s+{_THE}$",
        r"[^.;]{0,12},",
        rf"^[^.;,]{{0,15}}\b(?:{_BREAKS}|(?:is|was|are) (?:\w+ )?(?:{_BAD_EN}))\b",
        FIRST,
    ),
    (
        "",
        rf"[^.;,]{{0,15}}\b(?:{_UNFAILING}|(?:is|was|are) (?:\w+ )?(?:{_GOOD_EN})\b)"
        rf"[^.;,]{{0,15}}, (?:\w+ )?unlike{_END}",
        "",
        FIRST,
    ),
    (
        "",
        rf"[^.;,]{{0,15}}\b(?:{_BREAKS}|(?:is|was|are) (?:\w+ )?(?:{_BAD_EN}))\b[^.;,]{{0,15}}, (?:\w+ )?unlike{_END}",
        "",
        SECOND,
    ),
    ("", rf"[^.;,]{{0,10}}(?:{_UNFAILING})[^.;,]{{0,15}}\b(?:like|the way){_END}", "", FIRST),
    ("", rf"[^.;,]{{0,30}}\b(?:{_PLUS}|{_GOOD_EN})\b[^.;,]{{0,12}}\bcompared (?:to|with){_END}", "", FIRST),
    ("", rf"[^.;,]{{0,30}}\b(?:{_MINUS}|{_BAD_EN})\b[^.;,]{{0,12}}\bcompared (?:to|with){_END}", "", SECOND),
    (
        rf"\b(?:less|fewer) (?:{_TROUBLES}) (?:with|in|on|at|from)\s+{_THE}$",
        rf"[^.;]{{0,6}}\bthan (?:with|in|on|at|from){_END}",
        "",
        FIRST,
    ),
    (
        rf"\bmore (?:{_TROUBLES}) (?:with|in|on|at|from)\s+{_THE}$",
        rf"[^.;]{{0,6}}\bthan (?:with|in|on|at|from){_END}",
        "",
        SECOND,
    ),
    (r"\bget more (?:with|from|out of)\s+(?:the )?$", rf"[^.;]{{0,6}}\bthan (?:with|from|out of){_END}", "", FIRST),
    ("", rf"[^.;]{{0,40}}(?:,|;|\bbut\b|\byet\b)[^.;]{{0,8}}\bprefer{_END}", "", SECOND),
    (
        "",
        r"[^.;]{2,40}(?:,|;|\bbut\b|\byet\b|\bwhile\b)\s+(?:but |yet |while |and |the )*$",
        rf"^(?:'s?)?(?: \w+)? (?:(?:is|was|are|feels|looks|tastes|sounds|works) (?:\w+ ){{0,2}}{_PLUS}\b(?!\s+than)"
        r"|wins?\b|does it better)",
        SECOND,
    ),
    (
        "",
        r"[^.;]{2,40}(?:,|;|\bbut\b|\byet\b|\bwhile\b)\s+(?:but |yet |while |and |the )*$",
        rf"^(?:'s?)?(?: \w+)? (?:is|was|are|feels|looks|tastes|sounds|works) (?:\w+ ){{0,2}}{_MINUS}\b(?!\s+than)",
        FIRST,
    ),
    (
        "",
        r"\s(?:and|or|vs\.?|versus)\s",
        rf"^[^.;]{{0,20}}\bthe (?:latter|second)\b[^.;]{{0,15}}\b(?:{_PLUS}|wins?)\b",
        SECOND,
    ),
    (
        "",
        r"\s(?:and|or|vs\.?|versus)\s",
        rf"^[^.;]{{0,20}}\bthe (?:former|first)\b[^.;]{{0,15}}\b(?:{_PLUS}|wins?)\b",
        FIRST,
    ),
    ("", r"\s(?:and|or|vs\.?|versus)\s", r"^[^.;]{0,15}\b(?:prefer|pick|choose|take) the (?:latter|second)\b", SECOND),
    ("", r"\s(?:and|or|vs\.?|versus)\s", r"^[^.;]{0,15}\b(?:prefer|pick|choose|take) the (?:former|first)\b", FIRST),
    ("", rf"[^.;]{{0,15}}\b(?:puts{_END})", r"^(?:'s?)?\s+to shame", FIRST),
    ("", rf"[^.;]{{0,15}}\bblows?{_END}", r"^(?:'s?)?\s+(?:out of the water|away)", FIRST),
    ("", rf"[^.;]{{0,15}}\beats?{_END}", r"^(?:'s?)?\s+for (?:breakfast|lunch)", FIRST),
    (
        "",
        rf"[^.;]{{0,15}}\bmakes?{_END}",
        rf"^(?:'s?)?\s+(?:look|feel|seem|sound) (?:\w+ )?(?:like (?:an? )?(?:\w+ )?(?:{_BLAME_EN})|{_BAD_EN}|cheap)",
        FIRST,
    ),
)
_COMPARES_EN = re.compile(
    r"\b(?:than|compared|comparison|unlike|whereas|versus|vs|instead|rather|prefer\w*|inferior|superior|switch\w*|regret"
    r"|beats?|better|worse|over|overtakes?)\b"
)
# How both are spoken of.
_ALIKE_EN: tuple[AlikeRule, ...] = (
    ("", rf"{_ANY}\bneither better nor worse than{_END}", "", "neutral"),
    ("", rf"(?!{_ANY}{_NOT_AS})(?:'s?)?\s(?:\w+ ){{0,4}}as (?:{_GOOD_EN}) as{_END}", "", "positive"),
    ("", rf"(?!{_ANY}{_NOT_AS})(?:'s?)?\s(?:\w+ ){{0,4}}as (?:{_BAD_EN}) as{_END}", "", "negative"),
    (
        "",
        r"\s(?:and|or|&)\s(?:the )?$",
        rf"^\s(?:are|were|is) (?:\w+ )?(?:both|equally) (?:\w+ly )?(?:{_GOOD_EN})\b",
        "positive",
    ),
    (
        "",
        r"\s(?:and|or|&)\s(?:the )?$",
        rf"^\s(?:are|were|is) (?:\w+ )?(?:both|equally) (?:\w+ly )?(?:{_BAD_EN})\b",
        "negative",
    ),
    (
        "",
        r"\s(?:and|&)\s(?:the )?$",
        r"^\s(?:are|were|look|feel) (?:\w+ ){0,2}(?:the same|alike|similar|identical)",
        "neutral",
    ),
    (
        "",
        rf"(?!{_ANY}{_NOT})(?:'s?)?\s(?:\w+ ){{0,3}}(?:on (?:a )?par with|comparable (?:to|with)|similar to|the same as"
        rf"|no different (?:from|than)|equal to){_END}",
        "",
        "neutral",
    ),
    (r"\bno difference between\s(?:the )?$", r"\s(?:and|&)\s(?:the )?$", "", "neutral"),
    (r"\bneither\s(?:the )?$", r"\snor\s(?:the )?$", rf"^[^.;]{{0,25}}\b(?:{_GOOD_EN}|works?|lasts?)\b", "negative"),
)

ENGLISH = Patterns(
    compiled(_RULES_EN), compiled(_ALIKE_EN), lambda *parts: any(_COMPARES_EN.search(part) for part in parts)
)
