"""Which texts are nobody's words about a product: a few rules, each with a code that explains it.

Every rule would rather miss spam than call a customer's words spam: an advertisement is one only where it also says
how to follow it up. The rule that needs the whole set (one long text under many names) is sql/staging/duplicate.sql.
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise

from tasks.core.text import matching_key

SPAM_REASONS = {
    "link_only": "Nothing but links.",
    "contact_promotion": "Advertises something and gives a contact or link to follow up.",
    "referral_code": "Offers the author's own referral code.",
    "keyword_stuffing": "Search words in a row instead of sentences.",
    "repeated_promotion": "Mostly the same words again and again, and a link.",
    "gibberish": "No words of any language: keys hit at random, or filler text.",
    "copied_across_brands": "The same long review under three brands or five authors.",
}

# Longer texts that hold a contact and a word of advertising are mostly stories about it.
_MAX_PROMOTION_CHARS = 600
# The same of a bare order to the reader; Chinese says it in fewer characters.
_MAX_ORDER_CHARS, _MAX_INVITATION_CHARS_ZH = 160, 120

_LINK = re.compile(
    r"(?:https?://|www\.)[!-~]{1,2000}|\b(?:t\.me|wa\.me|bit\.ly|tinyurl\.com)/[!-~]{1,200}", re.IGNORECASE
)
_MARK = re.compile(r"\[(?:email|phone|id|card|iban|contact)\]")
_CONTACT = re.compile(
    r"\[(?:phone|contact|email)\]|https?://|\bwww\.|\bt\.me/|\bwa\.me/"
    r"|(?:telegram|whats ?app|instagram|insta|ig|signal)\b.{0,20}?@\w{4,32}"
    r"|@\w{4,32} (?:on|via) (?:telegram|whats ?app|instagram|ig)\b|\bcontact @\w{4,32}|\bskype\W{0,3}live:"
    r"|\b[a-z0-9-]{3,30}\.(?:com|net|org|info|biz|xyz|shop|store|online|site|top|club|vip|io|ru|cn|example)\b"
    r"|(?:微信|加微|加v|v信|vx|qq|扣扣|群号)[^,.;!?，。；！？]{0,8}[a-z0-9_-]{5,20}|公众号[ :：]?[“\"「【]"
    r"|扫码(?:进|加)群",
    re.IGNORECASE,
)
# How advertisers write a messenger's name so that a filter does not read it: 薇, v❤, "W h a t s A p p".
_DISGUISED_CONTACT = re.compile(
    r"(?:[+＋➕加]?[薇威微卫维]\ufe0f?[❤♥信星心x]?|[+＋➕加]v\ufe0f?[❤♥信]?|\bv\ufe0f?[❤♥]|vx|绿泡泡|纸飞机|飞机|电报"
    r"|企鹅|扣扣|扣裙|扣群|裙|扣"
    r"|qq|加q|加我|联系|商家联系|咨询)[^,.;!?，。；！？]{0,5}?(?:[a-z0-9_-]{5,24}|(?:[a-z0-9] ){4,20}[a-z0-9])"
    r"|(?:关注|搜)公众号|扫(?:我的?)?码(?:进|加|领)|电报群|进群(?:领|抢)|[¥￥$][a-z0-9]{8,14}[¥￥$]"
    r"|\bt\.cn/|\bw ?h ?a ?t ?s ?a ?p ?p\b.{0,12}?\d(?: ?\d){6,14}"
    r"|\b[\w.]{3,30} (?:at|\(at\)|\[at\]) (?:gmail|yahoo|outlook|hotmail|proton)\b"
    r"|\b(?:telegram|tg|whats ?app|discord|snap(?:chat)?|skype|wechat|insta(?:gram)?|dm|kik)\b[ :]{1,3}"
    r"(?:dealer#\d{3,5}|@?[a-z0-9.#]{2,20}[_#@.0-9][a-z0-9_.#]{1,20}|@\w{4,32})"
    r"|\b(?:on|us on|me on|via) (?:telegram|whats ?app|wechat|discord|kik)\b|\blink in bio\b|\binbox me\b|\bdm (?:me"
    r"|us)\b"
    r"|\b(?:message|add|find) me on \w{4,12}\b|\bt\.me/|\bbit\.ly/",
    re.IGNORECASE,
)
_PROMOTION = re.compile(
    r"\b(?:earn|earned|earning|make|made|making) (?:(?:up to|over|about|around|an|extra) ){0,2}(?:[$€£₹]|usd|rs\.?) ?\d"
    r"|\b(?:earns?|makes?) \d[\d,.]{0,9} ?(?:dollars|bucks|euros?|pounds|usd)"
    r" (?:a|per|every|each) (?:hour|day|week|month)"
    r"|\b(?:work|earn|make money|making money|income) (?:from|at) home\b|\bpart[- ]time job\b|\bpassive income\b"
    r"|\bget rich\b"
    r"|\b(?:forex|crypto|bitcoin|trading|binary options?) (?:signals|trad(?:er|ing)|invest\w{0,9}|account manager"
    r"|expert)"
    r"|\b(?:recover(?:ed|y)?|retrieve[ds]?) (?:\w{1,20} ){0,4}(?:funds?|money|bitcoins?|crypto|account|password)\b"
    r".{0,80}\b(?:hack(?:er)?s?|expert|agent)\b"
    r"|\b(?:buy|cheap|get|sell(?:ing)?) (?:\w{1,20} )?(?:followers|likes|subscribers|reviews|backlinks)\b"
    r"|\b(?:followers|likes|reviews|ratings|five stars|subscribers) for your"
    r" (?:shop|store|page|account|business|channel)\b"
    r"|\bspell cast(?:er|ing)\b|\bbest seo (?:service|agency|expert)"
    r"|\b(?:personal|instant|payday) loans?\b.{0,40}\b(?:apply|contact|approved)"
    r"|\bdm me for\b|\b(?:free|cheap) (?:gift cards?|iptv|v-?bucks|robux)\b"
    r"|\b(?:online|live|crypto) (?:casinos?|poker|betting|gambling)\b|\bslot gacor\b|\bsure ?bets?\b|\bfree spins\b"
    r"|\b(?:welcome|deposit) bonus\b|\bbet (?:on \w{1,20} )?with us\b"
    r"|\b(?:viagra|cialis)\b|\bwithout (?:a )?prescription\b"
    r"|\b(?:hot|sexy|lonely) (?:singles|girls|women|milfs)\b|\bescort service"
    r"|\bmod apk\b|\bunlimited (?:coins|gems|gold)\b"
    r"|\b(?:sell|buy) (?:your )?(?:accounts?|gold) (?:or|and) (?:buy |sell )?(?:gold|accounts?)\b"
    r"|\b(?:essays?|assignments?|homework) (?:written|writing|help)\b|\bplagiarism[- ]free\b"
    r"|\b(?:replica|1:1) (?:rolex|gucci|watch\w{0,2}|bags?|shoes|quality)\b"
    r"|\bselected to (?:win|receive)\b|\bclaim your (?:prize|reward|gift)\b"
    r"|\bgiveaway\b.{0,60}\b(?:btc|eth|bitcoin|crypto)\b"
    r"|\b(?:btc|eth|bitcoin)\b.{0,60}\bgiveaway\b"
    r"|\b(?:visit|check out|subscribe to) my (?:shop|store|channel|page|site|website|profile)\b"
    r"|\b(?:promo|coupon|discount) code [A-Z0-9]{4,15} for \d{1,2} ?%"
    r"|\b\d[\d,.]{2,9}k? (?:instagram |tiktok |youtube |real )?(?:followers|likes|subscribers|views) for\b"
    r"|\b(?:got|get) (?:all )?my (?:money|funds|bitcoin) back\b.{0,60}\bcontact @",
    re.IGNORECASE | re.DOTALL,
)
# An offer, and the call to take it up at once behind a link.
_OFFER = re.compile(r"\b\d{2} ?% off\b|\bfor free\?|\b(?:want|get|win) (?:a|an|this|your) free \w", re.IGNORECASE)
_CALL = re.compile(
    r"\b(?:use|enter) code [a-z0-9]{4,20} at (?:https?://|www\.)|\bonly today\b|\bhurry\b|\blimited offer\b"
    r"|\bdon['’]t miss it\b|\b(?:go to|visit|click(?: on| here)?:?) (?:https?://|www\.)",
    re.IGNORECASE,
)
_PROMOTION_ZH = re.compile(
    r"兼职|日赚|日入|月入[过上]?[万\d]|日结|刷单|招代理|诚招|招商加盟|(?:免费|[0零]元)领[取娶]?|领[取娶](?:优惠|红包"
    r"|福利|内部)"
    r"|返利|返现群|加群领|内部(?:优惠|折扣|券|渠道)|优惠券领|隐藏(?:优惠)?券|代开发票|办证|贷款秒|低息贷款|无抵押"
    r"|网贷|炒股|荐股"
    r"|博彩|棋牌|包赢|躺赚|宝妈.{0,10}(?:赚|副业)|副业.{0,6}赚|厂家直[供销]|工厂直[供销]|代购.{0,10}(?:折|半价)"
    r"|(?:奢|名|大牌)(?:表|包|鞋).{0,6}(?:一比一|1[:：比]1|高仿)|(?:高仿|A货|原单|尾货).{0,30}(?:批发|一手|货源)"
    r"|一手货源"
    r"|淘宝(?:开店|培训)"
    r"|时时彩|六合彩|彩票计划|百家乐|真人视讯|(?:线上|在线)(?:娱乐|赌)|首存|彩金|注册送\d|稳赚|包赚|博彩|内部消息"
    r"|代写|代考|包过|同城(?:交友|约)|美女(?:在线|陪)|上门服务|祖传秘方|根治|买粉|涨粉|涨赞|刷(?:赞|好评|评论|粉)"
    r"|高仿(?:名)?[牌表包鞋]|一比一|走私|水货|毕业证|出售.{0,6}(?:账号|金币)|想赚钱|零门槛|领(?:取)?(?:红包|皮肤|券)"
    r"|加群领"
    r"|优惠券.{0,4}加群",
    re.IGNORECASE,
)
# What is advertised so, with the one who reads as its customer; counts only with a contact, and in no complaint.
_TOPIC = re.compile(
    r"\b(?:invest(?:ed|ing|ment)?|send|receive|turned|deposit(?:ed)?) .{0,30}?(?:\d ?(?:btc|eth|usdt)\b|[$€£] ?\d)"
    r"|\b(?:airdrop|connect your wallet|doubling your|trading robot|copy my trades|daily profit|guaranteed (?:profit"
    r"|returns?))\b"
    r"|\b(?:recovery (?:team|agent|expert)|credit score fixed|deleted all my debts|i can see (?:my|her"
    r"|his) \w{1,12}(?:'s)? messages)"
    r"|\bneed (?:a|an|your|urgent|quick) (?:loan|cash|credit)|\bwe (?:lend|buy|sell|offer|provide|deal in)\b"
    r"|\b(?:urgent|guaranteed) (?:cash )?loan"
    r"|\bbusiness finance\b|\bbad credit ok\b|\bno collateral\b"
    r"|\bfixed (?:matches|odds)\b|\bsure (?:odds|wins?|tips)\b|\bpredictor\b|\bteen ?patti\b|\b(?:rupees"
    r"|free) bonus\b|\baviator\b"
    r"|\bhiring (?:now|manager)\b|\bremote workers? wanted\b|\bdata entry\b|\bearn (?:extra|money|cash|daily|online)"
    r"|\bto earn\b"
    r"|\bget paid\b|\bpaid \d{1,4} (?:dollars|bucks|euros) per\b|\b(?:five|six|[56]) figures\b"
    r"|\bmake (?:extra )?money with\b|\bpassive income\b"
    r"|\bhook ?ups?\b|\bsingle and bored\b|\blooking for (?:a )?(?:serious|generous|sugar|real) (?:man|woman|daddy"
    r"|love)\b|\bonly ?fans\b"
    r"|\b(?:private|premium|hot|naughty) (?:page|pics|videos?|chat)\b|\bfollow for follow\b"
    r"|\b(?:followers|backlinks|guest posts|first page of google)\b|\b(?:5|five)[- ]?stars? (?:google "
    r"|amazon )?(?:reviews?|ratings?|review!)"
    r"|\bproducts? for (?:amazon|free|review)|\brefund (?:after|100%)|\bscreenshot of\b.{0,40}\breview"
    r"|\breplicas?\b|\b(?:rolex|gucci|designer|luxury|branded) (?:\w{1,10} )?cop(?:y|ies)\b|\baaa quality\b"
    r"|\bswiss movement\b"
    r"|\b(?:phentermine|xanax|tramadol|oxycodone|viagra|cialis|slim\w{0,8}drops|cbd gummies)\b|\blose \d{1,2} ?(?:kg"
    r"|kilos?|pounds|lbs?) in\b"
    r"|\breal passports\b|\bwithout exam\b|\b(?:assignment|essay|thesis)s? done\b|\blove (?:spell|problem)"
    r"|\bherbal (?:doctor|cure|medicine)"
    r"|\bbrought back my (?:ex|husband|wife)\b|\bastrologer\b|\bcured my\b"
    r"|\b(?:premium|netflix|spotify) accounts? for\b|\biptv\b|\baccounts? for sale\b|\bboosting for\b"
    r"|\bgold and boosting\b|\bdropship\w{0,4} course\b"
    r"|\b(?:has|have) won\b|\blucky winner\b|\bclaim your\b|\bfree (?:iphone|gift card|robux|usdt)"
    r"|\bverify your (?:details|account|wallet)\b"
    r"|\bcould not be delivered, pay\b|\bno call[- ]out charge\b|\btop cash\b|\bfree shipping worldwide\b"
    r"|\b\d{2} ?% off\b.{0,40}\b(?:only|get yours|today)\b"
    r"|\b(?:blog|honest) .{0,20}reviews http|\bbook cheap\b|\b(?:flip|double|triple|multiply) your (?:money|cash"
    r"|coins?|savings)\b"
    r"|\bfinancial freedom\b|\bsugar (?:daddy|mommy|baby)\b|\bescorts?\b|\b(?:psychic|tarot) readings?\b"
    r"|\bwholesale prices?\b|\bsmm panel\b"
    r"|\b(?:web design|app development|seo) (?:services?|company|agency)\b|\b(?:visa|green card) (?:agent|guaranteed"
    r"|lottery)\b"
    r"|\b(?:license|serial|activation) keys? for\b|\bcracked (?:apps?|version)\b|\bvotes? for me\b"
    r"|\bwork from (?:home|your phone)\b",
    re.IGNORECASE,
)
_TOPIC_ZH = re.compile(
    r"免费领|领取?(?:现金|红包|试用|名额|优惠|皮肤|奖)|领奖|兼职|宝妈|副业|刷手|刷单|佣金|点赞关注|日结|无需经验|诚招"
    r"|招募|招代理|回血|上岸|带单|跟单|跟着老师"
    r"|稳赚|包中|包赢|注册(?:就)?送|首[充存]|上下分|爆分|内幕|准确率|新葡京|棋牌|彩票|娱乐城|放款|下款|黑白户|能贷"
    r"|秒到账|套现|借呗|提额|贷款|搬砖|套利|合约"
    r"|空投|虚拟币|涨停|牛股|月收益|自动交易|约会|小姐姐|裸聊|少妇|富婆|求子|外围|模特|看片|资源[,，]|秘方|壮阳"
    r"|[瘦减][十\d]+斤|想瘦|原单|复刻|一[:：比]一|高仿"
    r"|A货|一件代发|免税|外烟|批发价|免考|学信网|答案提前|不用考|拿证|代写|代考|代开|证件|涨粉|代发|补单|[改删]差评"
    r"|好评(?:返现|截图|有礼)|砍一刀|邀请码|推荐码"
    r"|被抽中|中奖|理赔|退款三倍|账户异常|低价出售|代练|破解版|会员低价|加盟|小投资|全包|疏通|开锁|高价回收|天天发车"
    r"|拼车|微商|淘宝领券|省钱|资金盘"
    r"|网赚|打字员|点赞员|淘客|淘宝客|代办|车贷|消费贷|红包群|互粉|互赞|刷量|刷单|引流|代运营|搬家|保洁|月嫂"
    r"|算命|风水|塔罗|窃听|开房记录|复婚|挽回"
    r"|加[v微薇]看|同城|陪玩|翻倍|日赚|月入|高薪|急招|免押|薅羊毛|内部价|货源|尾单|工厂直|网红|增高|丰胸|生发"
    r"|代开.{0,4}票",
    re.IGNORECASE,
)
# Who complains, or tells of it, advertises nothing.
_COMPLAINT = re.compile(
    r"\b(?:scam(?:mer)?s?|fake|beware|avoid|never|nobody|ignored|rejected|refused|blocked|did(?:n['’]t| not)"
    r"|does(?:n['’]t| not)"
    r"|won['’]t|can['’]t|cannot|they (?:asked|told|said|charged|never)|shame|complain\w{0,4}|crash(?:ed|es)?|froze"
    r"|terrible|worst|useless)\b",
    re.IGNORECASE,
)
_COMPLAINT_ZH = re.compile(
    r"骗|没人|不给|没给|没到账|投诉|打不通|别信|没加|不理|没反应|打不开|用不了|提现不了|太差|垃圾|后悔|害人|被拒|失败"
    r"|没收到|不回|诈|小心|套路|烦死|教我|解决了|靠谱"
)
_HAN = re.compile("[\u4e00-\u9fff]")
# What can be called, written to or opened.
_HANDLE = (
    r"(?:\[(?:phone|contact|email)\]|https?://[!-~]{3,200}"
    r"|\b(?:www\.)?[a-z0-9-]{3,30}(?:\.[a-z0-9-]{2,20}){1,3}(?:/[!-~]{0,100})?|@[\w.]{3,32}"
    r"|\b[a-z]{0,20}_[a-z0-9_]{2,24}|\b\d{6,12})"
)
# An order to the reader, with the place to go to right behind it; in Chinese also such a place as the last words.
_ORDER = re.compile(
    r"(?:^|[.!?,;:] |\b(?:and|or|now|more) )(?:please |just |so )?(?:start|register|order|join|chat|call|text|mail"
    r"|e-?mail|write|message|contact|reply"
    r"|visit|click|apply|enrol+|sign up|download|buy|shop|book|ring|whats ?app|telegram|skype|dm|follow|ask|add|reach"
    r"|get (?:it|yours|them|one)"
    r"|try (?:it|them))\b(?: (?:me|us|him|her|now|here|it|today|free|directly|through|to|at|on|via|with|by|whats ?app"
    r"|telegram|skype)){0,4}[ :]{1,3}" + _HANDLE,
    re.IGNORECASE,
)
_ORDER_ZH = re.compile(
    r"(?:加|联系|打开|点击|点(?= ?http)|登录|搜索?|找|私|[薇威卫][信❤]?\ufe0f?|[+＋➕加]微|v ?x|tg|电报"
    r"|飞机|企鹅|扣扣?|裙|电话|热线"
    r"|网址|客服|自助\w{0,2}|详询|咨询)"
    r"[号群：: ❤\ufe0f微信QqVv]{0,4}" + _HANDLE.replace(r"\b", "") + r"[^\w]{0,3}(?:[^，。！？,.!?]{0,3}[，, ]?(?:送"
    r"|领|抢|退|验证|秒)[^，。]{0,10})?[^\w]{0,3}$",
    re.IGNORECASE,
)
# Who tells what happened has a reason of their own to name such a place.
_TELLS = re.compile(
    r"\b(?:was|were|had|been|got|bought|ordered|received|arrived|called|wrote|downloaded|used|worked|said|went|came"
    r"|found|tried|paid|solved|answered"
    r"|clicked|sent|opened|waited|emailed|contacted|replied|page not found|manual|tracking|support|customer (?:care"
    r"|service)|my order|order (?:no|number|#)? ?\d+|refund (?:me|my)"
    r"|see (?:photo|picture|here)|source|article|more info"
    r"|(?!need|verified|guaranteed|limited|unlimited|united|rated|based)\w{2,16}ed)\b",
    re.IGNORECASE,
)
# Posts that speak to somebody or pass on what he said.
_ADDRESSED = re.compile(r"(?:^|\s|[“\"'.])@\w{2,32}(?!\s{0,3}$)|\bRT\b")
_TELLS_ZH = re.compile(
    r"客服(?!联系|微信 ?\[|微信 ?[a-z])|快递(?!丢失)|物流|卖家|收到(?!货的亲)|买了|用了|打了|等了|官网|售后|师傅|说明书"
    r"|订单|退货|发来|我的|已经|之前|昨天|今天|指点|请教|共享|参[照考]|转让|转手|刚买"
)
# Advertising of oneself that needs no contact: the reader finds the way.
_SELF_PROMOTION = re.compile(
    r"(?:^|[.!?,:] )(?:hi |hello |please |pls |guys )?(?:subscribe to|follow|check(?: out)?|visit"
    r"|watch) my (?:\w{1,15} )?"
    r"(?:channel|blog|profile|page|insta(?:gram)?|tiktok|youtube|shop|store|site|website|only ?fans)\b"
    r"|\b(?:sign up|register|join|order|checkout) (?:with|using) (?:my )?code [A-Za-z]{2,12}\d{1,5}\b"
    r"|\b(?:use|with) my link\b|\bsend me (?:a )?screenshot\b.{0,40}\bgift card",
    re.IGNORECASE,
)
# The code itself must follow: "my referral code did not work" is a complaint.
_REFERRAL = re.compile(
    r"\bmy (?:\w{1,20} )?(?:referr?al|invite|invitation|refer) ?(?:code|id)\b.{0,20}?"
    r"(?-i:\b[A-Z0-9]*[0-9][A-Z0-9]*\b)(?<=\w{5})"
    r"|\bmy \w{1,15} code is \w{0,10}\d\w{1,12}\b|\b(?:use|enter) code (?-i:[A-Z]{3,10}\d{2,6}) to get\b"
    r"|我的(?:邀请|推荐)码\W{0,3}[是为]?\W{0,3}[a-z0-9]{4,14}|填我?(?:的)?(?:邀请|推荐)码\W{0,3}[a-z0-9]{4,14}",
    re.IGNORECASE,
)

_KEY_RUNS = (
    "qwert",
    "werty",
    "asdf",
    "sdfg",
    "zxcv",
    "xcvb",
    "poiu",
    "oiuy",
    "lkjh",
    "kjhg",
    "mnbv",
    "nbvc",
    "hjkl",
    "uiop",
)
_KEY_TRIPLES = ("lkj", "kjh", "jhg", "hgf", "gfd", "dfg", "ghj", "hjk", "jkl", "xcv", "cvb", "vbn", "bnm", "zxc", "dsf")
_HARD_WORD = re.compile(r"[bcdfghjklmnpqrstvwxz]{5}|\b([^aeiouy])\1{4,}\b|\b[bcdfghjklmnpqrstvwxz]{4,}\b")
_GIBBERISH_WORDS = 3
_FILLER = re.compile(r"\blorem ipsum dolor\b", re.IGNORECASE)
# One character over and over says something only where it is praise, blame or laughter.
_CHINESE_FILLER = re.compile(r"^([\u4e00-\u9fff])\1{9,}$")
_SAYING_CHARACTERS = frozenset("好赞棒美爽牛强香甜快差烂坏慢贵哈呵嘿嘻呜哭顶啊嗯哦哇爱谢买厚薄大小重轻热冷丑硬软滑啦耶")
# What a Chinese input method makes of keys hit at random (asdf, sdfs).
_CHINESE_KEYS = re.compile(
    r"阿斯顿(?!·?马丁)|阿斯蒂芬|阿萨德(?!尔)|啊实打实|啊手动阀|撒旦法|地方就阿|斯利康地|发的撒|的撒范|撒发生"
    r"|佛挡杀佛的|的所发生的|啥都发|打发噶"
    r"|(?:水电费){2}|(?:豆腐干){2}|(?:梵蒂冈){2}|(?:范德萨){2}|(?:i哦){2}|(?:哦i){2}|是的发生|的发生的发|啊发的"
)
_PADDING = re.compile(r"^(?:凑字数|凑个字数|测试|字数|test|blah|asdf|xxx){4,}$")
_DEAD_KEY = re.compile(r"^([bcdfgjklnpqtv])\1{9,}$")
_PROMOTED_REPEATS = 3
_PROMOTED_SHARE = 0.6

_STUFFING_WORDS = (10, 80)
_STUFFING_REPEATS = 3
_SENTENCE_MARK = re.compile(r"[.!?,;:。！？，；：]")
_TRADE = "buy cheap coupon deal deals discount online order outlet price sale shop shipping voucher"
_TRADE_WORDS = frozenset(_TRADE.split())
_SENTENCE = """
    a an and are but did do for good great had has have i in is it its like love my no not of on so that the they this
    to very was we were with you
"""
_SENTENCE_WORDS = frozenset(_SENTENCE.split())


def spam_reason(text: str, kind: str) -> str | None:
    """Code of the spam rule that fires on a repaired and redacted text; None for everything else.

    Competitors' own pages are never spam: they advertise by nature. Codes and their meaning: SPAM_REASONS.
    """
    if kind == "competitor":
        return None
    if _LINK.search(text) and not matching_key(_MARK.sub("", _LINK.sub("", text))):
        return "link_only"
    if kind != "review":
        return None
    if _REFERRAL.search(text):
        return "referral_code"
    if len(text) <= _MAX_PROMOTION_CHARS and ((_CONTACT.search(text) and _promotes(text)) or _invites(text)):
        return "contact_promotion"
    if _is_keyword_stuffing(text):
        return "keyword_stuffing"
    if _is_repeated_promotion(text):
        return "repeated_promotion"
    return "gibberish" if _is_gibberish(text) else None


def _invites(text: str) -> bool:
    """Whether a text offers what advertisers offer, and says how to get it, without complaining of it."""
    if _SELF_PROMOTION.search(text) and not _COMPLAINT.search(text):
        return True
    if _HAN.search(text):
        if len(text) > _MAX_INVITATION_CHARS_ZH:
            return False
        if _ORDER_ZH.search(text) and not _TELLS_ZH.search(text) and not _COMPLAINT_ZH.search(text):
            return True
    elif (
        len(text) <= _MAX_ORDER_CHARS
        and _ORDER.search(text)
        and not any(rule.search(text) for rule in (_ADDRESSED, _TELLS, _COMPLAINT))
    ):
        return True
    if not (_CONTACT.search(text) or _DISGUISED_CONTACT.search(text)):
        return False
    if _TOPIC.search(text) and not _COMPLAINT.search(text):
        return True
    return bool(_TOPIC_ZH.search("".join(text.split())) and not _COMPLAINT_ZH.search(text))


def _promotes(text: str) -> bool:
    """Whether a text advertises; Chinese advertisers like to put blanks between the characters."""
    if _PROMOTION.search(text) or _PROMOTION_ZH.search("".join(text.split())):
        return True
    return bool(_LINK.search(text) and _OFFER.search(text) and _CALL.search(text))


def _is_keyword_stuffing(text: str) -> bool:
    """Whether a text is a row of search words: no sentence, a pair of words again and again, words of the trade."""
    if not text.isascii() or len(text) > _MAX_PROMOTION_CHARS or _SENTENCE_MARK.search(text):
        return False
    words = text.lower().split()
    if not _STUFFING_WORDS[0] <= len(words) <= _STUFFING_WORDS[1] or not _SENTENCE_WORDS.isdisjoint(words):
        return False
    pairs = Counter(pairwise(words))
    return max(pairs.values()) >= _STUFFING_REPEATS and len(_TRADE_WORDS.intersection(words)) >= 2


def _is_repeated_promotion(text: str) -> bool:
    """Whether a short text with a link says the same pair of words three times."""
    if len(text) > _MAX_PROMOTION_CHARS or not _CONTACT.search(text):
        return False
    words = re.findall(r"[^\W\d_]+", _LINK.sub("", text).lower())
    pairs = Counter(pair for pair in pairwise(words) if len(set(pair)) == 2)
    repeated = {
        place + shift
        for place, pair in enumerate(pairwise(words))
        if pairs[pair] >= _PROMOTED_REPEATS
        for shift in (0, 1)
    }
    return len(repeated) >= _PROMOTED_SHARE * len(words) > 0


def _is_gibberish(text: str) -> bool:
    """Whether nobody says anything: at least two thirds of three words or more could be in no language."""
    if _FILLER.search(text):
        return True
    key = matching_key(text)
    if _PADDING.match(key) or _DEAD_KEY.match(key):
        return True
    match = _CHINESE_FILLER.match(key)
    if match:
        return match[1] not in _SAYING_CHARACTERS
    if not text.isascii():
        return len(key) <= 40 and _CHINESE_KEYS.search(key) is not None
    if len(text) > _MAX_PROMOTION_CHARS:
        return False
    words = re.findall(r"[a-z]{3,}", text.lower())
    hard = [
        word for word in words if _HARD_WORD.search(word) or any(run in word for run in (*_KEY_RUNS, *_KEY_TRIPLES))
    ]
    return len(words) >= _GIBBERISH_WORDS and len(set(words)) > 1 and 3 * len(hard) >= 2 * len(words)
