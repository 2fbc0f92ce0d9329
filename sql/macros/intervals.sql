-- 95 % Wilson score interval of the proportion k / n (Wilson 1927). Null where n is 0.
-- z = 1.959964 is the 97.5 % point of the normal distribution.
create or replace macro wilson_lo(k, n) as
    case
        when n = 0 then null
        when k = 0 then 0.0
        else (
            (k + 1.959964 * 1.959964 / 2)::double
            - 1.959964 * sqrt(k::double * (n - k) / n + 1.959964 * 1.959964 / 4)
        ) / (n + 1.959964 * 1.959964)
    end;

create or replace macro wilson_hi(k, n) as
    case
        when n = 0 then null
        when k = n then 1.0
        else (
            (k + 1.959964 * 1.959964 / 2)::double
            + 1.959964 * sqrt(k::double * (n - k) / n + 1.959964 * 1.959964 / 4)
        ) / (n + 1.959964 * 1.959964)
    end;

-- Net sentiment (nss), in [-1, 1]: (positive - negative) / n, where n counts every scored document. Null where n is 0.
create or replace macro net_sentiment(pos, neg, n) as
    (pos - neg)::double / nullif(n, 0);
