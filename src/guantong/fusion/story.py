"""Names of the sample company: people, customers, suppliers and items, all invented."""

PEOPLE = [
    ("admin", "Lin Yue 林悦", "admin", "", "en"),
    ("siyuan", "Siyuan Chen 陈思远", "sales", "Huandao Cycles", "en"),
    ("wangli", "Wang Li 王丽", "sales", "Huandao Cycles", "zh-hans"),
    ("tom", "Tom Becker", "manager", "", "en"),
    ("audit", "Zhou Min 周敏", "auditor", "", "zh-hans"),
]

UNITS = [
    ("pcs", "piece", "件", 0),
    ("set", "set", "套", 0),
    ("m", "meter", "米", 2),
    ("kg", "kilogram", "千克", 3),
    ("h", "hour", "小时", 2),
]

CUSTOMERS = [
    ("Metro Bike Supply", "", "Rotterdam", "NL"),
    ("Urban Ride", "城市骑行", "杭州", "CN"),
    ("Alpine Sports GmbH", "", "Innsbruck", "AT"),
    ("Northern Sports Goods", "北方体育用品", "北京", "CN"),
    ("Progressive Sports", "", "Leeds", "GB"),
    ("Kustom Cycles", "", "Gent", "BE"),
    ("Riverside Rentals", "", "Basel", "CH"),
    ("Chengdu Qiji Trading", "成都骑迹商贸", "成都", "CN"),
    ("Harbour Cycle Works", "", "Hamburg", "DE"),
    ("Nordic Trail AS", "", "Bergen", "NO"),
    ("Hangzhou Greenway Bikes", "杭州绿道单车", "杭州", "CN"),
    ("Bay Area Bike Co-op", "", "Oakland", "US"),
    ("Silk Road Outfitters", "", "Almaty", "KZ"),
    ("Suzhou Jiexing Sports", "苏州捷行运动", "苏州", "CN"),
    ("Fjell Sport AS", "", "Tromsø", "NO"),
    ("Downtown Cycles", "", "Dublin", "IE"),
    ("Xiamen Ring Bay Cycling", "厦门环湾骑行", "厦门", "CN"),
    ("Cascade Outdoor", "", "Portland", "US"),
    ("Shenzhen Xunfeng Sports", "深圳迅风体育", "深圳", "CN"),
    ("Vélo Lumière", "", "Lyon", "FR"),
]

SUPPLIERS = [
    ("Ningbo Hengda Forging", "宁波恒达锻造", "宁波", "CN"),
    ("Kunshan Precision Bearings", "昆山精密轴承", "昆山", "CN"),
    ("Changzhou Lianrun Tyres", "常州联润轮胎", "常州", "CN"),
    ("Taicang Weiye Coatings", "太仓伟业涂装", "太仓", "CN"),
    ("Dongguan Yihe Saddles", "东莞益和鞍座", "东莞", "CN"),
    ("Sella Brenta S.r.l.", "", "Padova", "IT"),
]

ITEMS = [
    ("BK-T100", "Touring bicycle 28", "28 寸旅行车", "pcs", "3280"),
    ("BK-T120", "Touring bicycle 28, trapeze", "28 寸旅行车（弯梁）", "pcs", "3280"),
    ("BK-C200", "City bicycle, 7 gears", "城市车 7 速", "pcs", "2160"),
    ("BK-M300", "Mountain bicycle 29", "29 寸山地车", "pcs", "4490"),
    ("BK-E400", "Electric city bicycle", "电动城市车", "pcs", "7980"),
    ("BK-K050", "Child bicycle 20", "20 寸童车", "pcs", "980"),
    ("FC-115", "Fork crown, forged", "锻造前叉冠", "pcs", "86.5"),
    ("FC-118", "Fork crown, wide", "宽幅前叉冠", "pcs", "92"),
    ("FK-210", "Suspension fork 120", "避震前叉 120", "pcs", "640"),
    ("DS-040", "Dropout set", "勾爪套件", "set", "24.8"),
    ("SC-220", "Seat clamp", "座管夹", "pcs", "11.2"),
    ("SP-310", "Seat post 27.2", "座管 27.2", "pcs", "58"),
    ("SD-330", "Saddle, gel", "凝胶鞍座", "pcs", "115"),
    ("HB-050", "Handlebar, flat 680", "平把 680", "pcs", "78"),
    ("HS-061", "Headset, sealed", "密封碗组", "set", "66"),
    ("WH-700", "Wheel, 28, front", "28 寸前轮", "pcs", "310"),
    ("WH-701", "Wheel, 28, rear", "28 寸后轮", "pcs", "386"),
    ("TY-280", "Tyre 28 × 1.6", "外胎 28×1.6", "pcs", "72"),
    ("TB-280", "Tube 28", "内胎 28", "pcs", "14.5"),
    ("CH-008", "Chain, 8 gears", "链条 8 速", "pcs", "49"),
    ("CS-008", "Cassette, 8 gears", "飞轮 8 速", "pcs", "128"),
    ("BR-160", "Disc brake set 160", "碟刹套件 160", "set", "268"),
    ("CB-100", "Brake cable", "刹车线", "m", "3.2"),
    ("PT-900", "Frame paint, graphite", "石墨色车架漆", "kg", "148"),
    ("LT-020", "Light set, dynamo", "发电花鼓灯组", "set", "189"),
    ("MG-045", "Mudguard set", "挡泥板套件", "set", "96"),
    ("RK-031", "Rear rack", "后货架", "pcs", "132"),
    ("BT-036", "Battery 36 V 13 Ah", "电池 36 V 13 Ah", "pcs", "1860"),
    ("MT-250", "Hub motor 250 W", "轮毂电机 250 W", "pcs", "1240"),
    ("SV-001", "Assembly on site", "现场装配", "h", "160"),
]
