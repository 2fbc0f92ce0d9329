"""Names that are also ordinary words, with the words that speak for the brand and against it.

General knowledge about common names, written for this project; `tasks.core.ambiguous` says how it is used. Latin words
are in lower case and match with a plural s; Chinese ones match anywhere.
"""

# ruff: noqa: E501 - lists of words

from __future__ import annotations

from dataclasses import dataclass

_COMPANY_EN = (
    "ceo company corporation brand shares stock stocks shareholders earnings revenue customer customers support"
    " website site app employee employees announced announces launches launched unveils unveiled recall recalls sues"
    " lawsuit competitor competitors subscription refund service warranty firm owned"
)
_COMPANY_ZH = (
    "公司 品牌 官网 旗舰店 专卖店 专柜 股价 股票 财报 发布 推出 新品 客服 售后 门店 集团 总裁 创始人 上市 官方"
    " 代言 宣布"
    " 营收 市值 用户 正品 保修 召回 降价 销量"
)
_DEVICE_EN = (
    "phone phones laptop tablet watch pay music tv store stores id cloud device devices charger ios"
    " update macbook iphone ipad mac"
)
_DEVICE_ZH = (
    "手机 电脑 平板 笔记本 耳机 手表 手环 电视 充电 充电器 充电宝 系统 屏幕 像素 拍照 续航 电池 信号 内存 芯片"
    " 数据线 摄像头"
    " 待机 音箱 路由器 智能 死机 卡顿 刷机 配件 机子 机型 快充 处理器 家电 显示屏 发热 好用 耐用 生态链 官翻"
)
_FOOD_EN = (
    "pie juice juices tree trees cider sauce tart crumble eat eats ate eating peel peeled pick picked picking"
    " orchard fruit"
    " fruits banana bananas pear pears bake baked cinnamon slice slices ripe sweet crisp rotten core kilo pounds bowl"
)
_FRUIT_ZH = (
    "汁 醋 树 园 派 酱 干 脆片 皮 核 吃 削 啃 摘 斤 箱 甜 酸 脆 水分 新鲜 烂 果肉 果园 果农 水果 口感 个头 香蕉"
    " 梨 橙 葡萄"
    " 维生素 榨 洗 坏果 熟 红富士 种植 绿 牛奶 一个 这箱 箱"
)
_CAR_ZH = "汽车 车 轿车 车型 车主 发动机 变速箱 油耗 4S店 试驾 底盘 销量 新能源 电动 途观 帕萨特 朗逸 suv SUV"
_PLANE_EN = (
    "flight flights airline airlines airport plane planes flew fly flying gate pilot crew baggage luggage"
    " boarding lounge"
    " miles seat seats"
)
_SHOP_EN = (
    "store stores shop shopping shopper cart checkout online order ordered delivery cashier aisle bought purchase"
    " returns clearance"
)
_DRINK_EN = "coffee tea drink drinks bottle can"


@dataclass(frozen=True, slots=True)
class WordName:
    """A name that is also a word. for_brand, against: words of context."""

    for_brand: frozenset[str]
    against: frozenset[str]


def _entry(*, for_brand: str, against: str, language: str) -> WordName:
    company = _COMPANY_EN if language == "en" else _COMPANY_ZH
    return WordName(frozenset(f"{for_brand} {company}".split()), frozenset(against.split()))


def _english(for_brand: str, against: str) -> WordName:
    return _entry(for_brand=for_brand, against=against, language="en")


def _chinese(for_brand: str, against: str) -> WordName:
    return _entry(for_brand=for_brand, against=against, language="zh")


WORD_NAMES: dict[str, WordName] = {
    "apple": _english(_DEVICE_EN, _FOOD_EN),
    "blackberry": _english(_DEVICE_EN, _FOOD_EN + " jam bush bushes"),
    "orange": _english(_DEVICE_EN + " sim network signal roaming broadband", _FOOD_EN + " colour color red yellow peel"),
    "target": _english(
        _SHOP_EN + " walmart",
        "audience price market group date goal goals weight reach reached hit miss missed sales emissions"
        " language easy",
    ),
    "gap": _english(
        _SHOP_EN + " jeans hoodie clothes denim",
        "wide narrow close closing bridge between year age pay gender mind wealth generation gap-year small big huge",
    ),
    "shell": _english(
        "petrol gas fuel oil station stations energy bp refinery",
        "egg sea turtle snail script bash hard outer beach nut command crab",
    ),
    "amazon": _english(
        _SHOP_EN + " prime aws kindle alexa seller sellers bezos parcel package",
        "rainforest river basin jungle forest brazil tribe tribes",
    ),
    "delta": _english(_PLANE_EN, "river variant nile mississippi math alpha beta force gamma mekong"),
    "united": _english(
        _PLANE_EN, "states nations kingdom manchester front arab stand stood we newcastle leeds fc league football"
    ),
    "southwest": _english(_PLANE_EN, "of corner wind desert england region wales"),
    "american": _english(
        _PLANE_EN, "people dream history football pie english citizen citizens flag president born culture food"
        " accent idol"
    ),
    "spirit": _english(_PLANE_EN, "holy team level animal guide high free human lift christmas evil"),
    "frontier": _english(_PLANE_EN, "final new last province"),
    "virgin": _english(_PLANE_EN + " media mobile broadband galactic branson", "olive oil mary islands forest extra"),
    "visa": _english(
        "card cards credit debit mastercard payment payments pay network",
        "tourist travel application passport embassy student entry expired work consulate schengen free on-arrival",
    ),
    "subway": _english(
        "sandwich sandwiches footlong bread lunch cookie meatball franchise",
        "station train line ride york seoul stop platform commute tunnel map",
    ),
    "puma": _english(_SHOP_EN + " shoes sneakers trainers nike adidas jersey", "wild animal cat zoo mountain cub prey"),
    "jaguar": _english("car cars rover driving engine dealership suv drive xf", "wild animal cat zoo jungle cub prey"),
    "dove": _english(
        "soap shampoo lotion deodorant body wash chocolate moisturizer skin", "white bird birds into wings peace nest sky"
    ),
    "tide": _english(
        "detergent pods laundry wash stain stains",
        "high low ocean sea turn turned turning beach rising rip red moon incoming waves",
    ),
    "gain": _english("detergent laundry scent fabric", "weight muscle profit access we to traction net"),
    "bounty": _english("paper towel towels", "hunter of captain mutiny"),
    "monster": _english("energy drink drinks can caffeine redbull", "cookie scary movie under loch truck green-eyed"),
    "crest": _english("toothpaste teeth whitening", "of hill wave family mountain"),
    "dawn": _english("dish soap dishes grease", "at until before new crack break sunrise"),
    "polo": _english("volkswagen vw car drive hatchback engine", "shirt shirts horse water ralph match marco"),
    "beetle": _english("volkswagen vw car drive", "insect bug larvae wings garden"),
    "mini": _english("cooper car drive bmw driving", "fridge bar golf skirt size version series van"),
    "ford": _english(
        "car cars truck trucks mustang f150 f-150 focus fiesta dealer dealership engine drive pickup",
        "harrison river the stream president betty",
    ),
    "lincoln": _english("car cars navigator dealership suv", "abraham president center park memorial nebraska"
    " university"),
    "square": _english("payment payments terminal reader cash card", "root feet foot meters times town red metre"
    " shape"),
    "stripe": _english("payment payments api checkout card", "white red thin shirt pattern"),
    "zoom": _english(
        "call calls meeting meetings video webinar", "in out lens camera optical digital level"
    ),
    "slack": _english("channel message messages workspace teams app bot", "cut some off pick rope tight"),
    "signal": _english("messenger whatsapp messages encrypted", "phone weak strong no traffic wifi bars turn noise"),
    "meta": _english("facebook instagram zuckerberg quest whatsapp", "analysis data tag description gaming so"),
    "alphabet": _english("google waymo youtube pichai", "letters soup letter song latin cyrillic"),
    "windows": _english(
        "microsoft pc laptop install update xp vista os 7 8 10 11", "open clean glass curtains double house cleaned doors"
    ),
    "oracle": _english("database java cloud ellison", "delphi ancient of"),
    "galaxy": _english("samsung phone s10 s20 s21 s22 s23 s24 note tab watch buds", "milky way far stars andromeda nasa"),
    "pixel": _english("google phone camera android", "per resolution dead art size density pixels"),
    "surface": _english("microsoft laptop pro tablet pen keyboard", "rough smooth of flat table scratch clean hard"),
    "bing": _english("microsoft search google", "crosby bada chandler"),
    "nest": _english("google thermostat camera", "bird birds eggs egg empty wasp box"),
    "ring": _english("doorbell camera alarm", "finger wedding engagement diamond tone gold boxing bell"),
    "champion": _english("hoodie sweatshirt clothes", "world league the reigning boxing of defending"),
    "guess": _english("watch jeans handbag clothes", "i you my we best can't wild educated"),
    "fossil": _english("watch watches strap handbag", "fuel fuels dinosaur bones museum record"),
    "coach": _english("handbag bag bags purse leather wallet", "football head team life bus travel assistant trip"),
    "diesel": _english("jeans denim clothes", "engine fuel car petrol price truck generator vin"),
    "north face": _english("", "eiger mountain climb"),
    "苹果": _chinese(_DEVICE_ZH + " 库克 iPhone iphone ipad iPad mac iOS ios 安卓 华为 三星 小米", _FRUIT_ZH),
    "小米": _chinese(
        _DEVICE_ZH + " 雷军 红米 米家 华为 苹果 澎湃 商城 之家 有品",
        "粥 饭 米糊 杂粮 五谷 煮 熬 谷子 南瓜 锅巴 养胃 颗粒 黄小米 沁州 米香 蒸 糯 吃 喝 粗粮 红枣 大米 椒 辣"
        " 碗 线 黄",
    ),
    "红米": _chinese(_DEVICE_ZH + " 小米 note Note", "饭 粥 煮 杂粮 吃 大米 糯 五谷 稻"),
    "黑莓": _chinese(_DEVICE_ZH + " 键盘", _FRUIT_ZH),
    "坚果": _chinese(_DEVICE_ZH + " 投影 投影仪 锤子", "吃 核桃 腰果 零食 混合 每日 炒货 瓜子 杏仁 果仁 健康"
    " 营养 过敏"),
    "锤子": _chinese(_DEVICE_ZH + " 罗永浩 坚果", "钉子 敲 砸 木工 工具 一把 买个 有个"),
    "荣耀": _chinese(_DEVICE_ZH + " 华为 magic Magic", "王者 祖国 的时刻 胜利 夺冠 无上 归于 感到"),
    "魅族": _chinese(_DEVICE_ZH, ""),
    "大众": _chinese(
        _CAR_ZH + " 上汽 一汽 宝来 高尔夫 丰田 本田",
        "点评 广大 人民 普通 化 群众 口味 传媒 审美 娱乐 消费者 眼光 情人 文化 健康",
    ),
    "现代": _chinese(_CAR_ZH + " 北京现代 索纳塔 伊兰特 途胜 起亚", "化 人 社会 生活 科技 文学 风格 装修 感 农业"
    " 音乐 艺术 都市"),
    "理想": _chinese(_CAR_ZH + " 蔚来 小鹏 L9 l9 L7 ONE one 增程", "不 很 太 的 主义 实现 我的 中的 状态 效果"
    " 比较 远大 追求"),
    "奔驰": _chinese(_CAR_ZH + " 宝马 奥迪 s级", "骏马 草原 列车 在 万马"),
    "宝马": _chinese(_CAR_ZH + " 奔驰 奥迪 x5 X5 3系 5系", "汗血 香车 骑"),
    "路虎": _chinese(_CAR_ZH, ""),
    "标致": _chinese(_CAR_ZH + " 408 508 308", "长得 女孩 五官 脸 模样 姑娘"),
    "联想": _chinese(
        _DEVICE_ZH + " 拯救者 小新 thinkpad ThinkPad 笔电 本本 惠普 戴尔",
        "到 让人 起 丰富 不禁 令人 自由 由此 词 记忆 产生",
    ),
    "美的": _chinese(
        "空调 电饭煲 冰箱 洗衣机 微波炉 热水器 电风扇 风扇 豆浆机 电磁炉 家电 净水器 格力 海尔 电器 吸尘器 烤箱"
        " 电压力锅 油烟机",
        "最 很 挺 完 太 蛮 真 臭 甜 真善 优 精 好 唯 健 爱 审 风景 享受 追求",
    ),
    "格力": _chinese("空调 电器 董明珠 变频 制冷 美的 海尔", ""),
    "三星": _chinese(_DEVICE_ZH + " note Note galaxy Galaxy 华为 苹果 韩国 显示器", "级 酒店 好评 给 评 打 堆 颗 评价 只能给"),
    "统一": _chinese(
        "方便面 泡面 老坛 酸菜 牛肉面 冰红茶 绿茶 饮料 康师傅 阿萨姆 奶茶", "全国 祖国 发货 着装 安排 标准 价 管理 思想 口径 规定 度 战线"
    ),
    "百度": _chinese("搜索 地图 网盘 李彦宏 文心 贴吧 百科 引擎 谷歌", "一下 众里寻他千"),
    "快手": _chinese("直播 视频 短视频 抖音 主播 老铁 刷", "菜 夹 一把 做事"),
    "得物": _chinese("鉴定 球鞋 买鞋 下单 毒", ""),
    "王者": _chinese("荣耀 腾讯 段位 上分", "归来 风范 之师"),
    "长城": _chinese(_CAR_ZH + " 哈弗 皮卡 魏 葡萄酒 干红", "万里 爬 游 八达岭 旅游 导游 秦始皇 脚下 登 景区 慕田峪"),
    "李宁": _chinese("鞋 运动鞋 跑鞋 球鞋 衣服 卫衣 安踏 运动服 尺码 耐克 阿迪", "体操 奥运 王子 先生 老师"),
    "天猫": _chinese("双11 双十一 下单 超市 淘宝 京东 购物 国际 店", ""),
    "土豆": _chinese("视频 优酷 网 看剧", "丝 泥 炒 炖 牛肉 吃 煮 片 削皮 发芽 烧 种 斤 饼"),
    "大宝": _chinese("霜 乳液 护肤 sod SOD 面霜 保湿", "我家 儿子 女儿 二宝 宝贝 老大 幼儿园"),
    "力士": _chinese("沐浴露 香皂 洗发", "大 相扑 金刚"),
    "清扬": _chinese("洗发 去屑 头皮 洗发水", "婉兮 水木 歌声"),
}  # fmt: skip
