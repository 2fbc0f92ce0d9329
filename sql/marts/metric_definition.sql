-- Grain: one row per metric.
select *
from (
    values
    (
        'volume', 'Documents', '文档数', 'documents',
        'count(*)', 'marts.document',
        'nothing: the value is n', 'documents of the brand, copies collapsed, spam left out',
        'exact Poisson; changes quasi-Poisson',
        'How many documents speak of the brand. Copies of one text count once.',
        '谈及该品牌的文档数量；同一文本的重复只计一次。'
    ),
    (
        'volume_raw', 'Documents with copies', '文档数（含重复）', 'documents',
        'count(*)', 'marts.document',
        'nothing: the value is n', 'documents of the brand with their copies, spam left out',
        'exact Poisson; changes quasi-Poisson',
        'How many documents speak of the brand, copies and syndicated stories counted each.',
        '谈及该品牌的文档数量，重复与转载分别计数。'
    ),
    (
        'story_volume', 'Stories', '报道事件数', 'documents',
        'count(distinct story_id)', 'marts.document.story_id',
        'nothing: the value is n', 'stories of the press and documents of customers, copies collapsed, spam left out',
        'exact Poisson; changes quasi-Poisson, not tested',
        'How many stories and opinions speak of the brand: all articles of a week on one event count once.',
        '谈及该品牌的事件与评论数量；一周内关于同一事件的所有报道只计一次。'
    ),
    (
        'nss', 'Net sentiment', '净情感', 'points',
        '(P - N) / (P + Neu + Mixed + N) = k / n', 'marts.document.sentiment',
        'positive minus negative documents', 'documents with a sentiment (neutral and mixed included)',
        'normal, standard error sqrt((p+ + p- - (p+ - p-)^2) / n)',
        'Positive minus negative documents, as a share of all documents with a sentiment: (P - N) / (P + Neu + N).',
        '正面文档减负面文档，占全部有情感判断文档的比例：(P - N) / (P + Neu + N)。'
    ),
    (
        'nsr', 'Net sentiment ratio', '净情感比', 'points',
        '(P - N) / (P + N) = k / n', 'marts.document.sentiment',
        'positive minus negative documents', 'positive and negative documents',
        'Wilson interval of P / (P + N), rescaled; changes Newcombe',
        'Positive minus negative documents, as a share of these two: (P - N) / (P + N).',
        '正面文档减负面文档，仅占二者之和的比例：(P - N) / (P + N)。'
    ),
    (
        'negative_share', 'Negative share', '负面占比', 'fraction',
        'N / (P + Neu + Mixed + N) = k / n', 'marts.document.sentiment',
        'negative documents', 'documents with a sentiment (neutral and mixed included)',
        'Wilson; changes Newcombe',
        'Share of the documents with a sentiment that are negative.',
        '有情感判断的文档中负面文档的占比。'
    ),
    (
        'positive_share', 'Positive share', '正面占比', 'fraction',
        'P / (P + Neu + Mixed + N) = k / n', 'marts.document.sentiment',
        'positive documents', 'documents with a sentiment (neutral and mixed included)',
        'Wilson; changes Newcombe',
        'Share of the documents with a sentiment that are positive.',
        '有情感判断的文档中正面文档的占比。'
    ),
    (
        'share_of_voice', 'Share of voice', '声量份额', 'fraction',
        'documents of the brand / documents of any tracked brand = k / n', 'marts.document.brand, marts.mention',
        'documents that belong to the brand or name it', 'documents that name at least one tracked brand',
        'Wilson; changes Newcombe',
        'Share of the documents naming any tracked brand that name this one. Shares can add up to more than 1.',
        '提及任一关注品牌的文档中提及该品牌的占比；各品牌之和可大于 1。'
    ),
    (
        'share_of_voice_raw', 'Share of voice with copies', '声量份额（含重复）', 'fraction',
        'k / n', 'marts.document, marts.mention',
        'documents that belong to the brand or name it, with their copies',
        'documents that name at least one tracked brand, with their copies',
        'Wilson; changes Newcombe, not tested',
        'Share of voice, copies and syndicated stories counted each.',
        '声量份额，重复与转载分别计数。'
    ),
    (
        'share_of_voice_stories', 'Share of voice by stories', '声量份额（按事件）', 'fraction',
        'k / n', 'marts.document.story_id, marts.mention',
        'stories and opinions that belong to the brand or name it',
        'stories and opinions that name at least one tracked brand',
        'Wilson; changes Newcombe, not tested',
        'Share of voice, all articles of a week on one event counted once.',
        '声量份额，一周内关于同一事件的所有报道只计一次。'
    ),
    (
        'mean_rating', 'Mean rating', '平均评分', 'stars',
        'sum of stars / number of ratings = k / n', 'marts.document.rating',
        'sum of the ratings', 'documents with a rating',
        'seeded bootstrap over documents',
        'Mean of the ratings that came with the documents.',
        '文档所附评分的平均值。'
    ),
    (
        'abstention_share', 'Share without a sentiment', '未判断占比', 'fraction',
        'documents without a sentiment / documents = k / n', 'marts.document.sentiment',
        'documents on which the model abstained', 'documents of the brand, copies collapsed, spam left out',
        'Wilson; changes Newcombe',
        'Share of the documents on which the sentiment model abstained, other languages included.',
        '情感模型未作判断的文档占比（含其他语言）。'
    ),
    (
        'topic_share', 'Share of the topic', '话题占比', 'fraction',
        'documents of the topic / documents of the brand = k / n', 'marts.document.topic_id',
        'documents of the topic', 'documents of the brand, copies collapsed, spam left out',
        'Wilson; changes Newcombe',
        'Share of the brand''s documents that belong to the topic.',
        '该品牌文档中属于该话题的占比。'
    ),
    (
        'aspect_share', 'Share of the aspect', '方面占比', 'fraction',
        'documents of the aspect / documents of the brand = k / n', 'marts.document_aspect',
        'documents that speak of the aspect', 'documents of the brand, copies collapsed, spam left out',
        'Wilson; changes Newcombe',
        'Share of the brand''s documents that speak of the aspect.',
        '该品牌文档中谈及该方面的占比。'
    )
) as definitions (
    metric,
    label_en,
    label_zh,
    unit,
    formula,
    source,
    numerator,
    denominator,
    interval_method,
    description_en,
    description_zh
)
