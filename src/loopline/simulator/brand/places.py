"""Where the made-up fashion brand 岚织 Lanzhi sells: 36 stores and 2 warehouses in Chinese cities, 3 dealers.

Cities and districts are real, and so, roughly, are the coordinates. The companies, stores and people are not.
"""

from types import MappingProxyType

import msgspec

from loopline.kernel.geography import Coordinates

CURRENCY = "CNY"
HOME_COUNTRY = "CN"
TIME_ZONE = "Asia/Shanghai"
BRAND_NAME = "岚织 Lanzhi"
BRAND_UNIT = "LANZHI"
BRAND_ENTITY = "LANZHI-CO"
PLATFORM_ENTITY = "YUNTING-CO"
BRAND_PARTY = "BRAND"
PLATFORM_PARTY = "PLATFORM"

TILL = "till"
WEB = "web"
MINI_PROGRAM = "mini_program"
LIVESTREAM = "livestream"
CHANNELS = MappingProxyType(
    {
        TILL: "门店收银 Tills",
        WEB: "网上商城 Web shop",
        MINI_PROGRAM: "小程序 Mini-program",
        LIVESTREAM: "直播间 Livestream",
    }
)
HOLD_MINUTES = 15


class Region(msgspec.Struct, frozen=True, kw_only=True):
    code: str
    name: str


class Dealer(msgspec.Struct, frozen=True, kw_only=True):
    """A dealer with a company of its own, in a region."""

    code: str
    name: str
    company: str
    region: str

    @property
    def entity_code(self) -> str:
        """Its company."""
        return f"{self.code}-CO"

    @property
    def party(self) -> str:
        """The dealer as one that earns."""
        return f"DEALER-{self.code}"


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """A warehouse or store; `dealer` is None for the brand's own. `weight` is its part of the trade at the tills."""

    code: str
    chinese: str
    english: str
    region_code: str
    coordinates: Coordinates
    parent: str
    dealer: str | None
    weight: int
    guides: int
    tasks_per_day: int

    @property
    def name(self) -> str:
        """Both names, as signs show them."""
        return f"{self.chinese} {self.english}"

    @property
    def is_store(self) -> bool:
        """Whether customers walk in."""
        return self.weight > 0

    @property
    def entity_code(self) -> str:
        """The company that sells there and owns the goods."""
        return f"{self.dealer}-CO" if self.dealer else BRAND_ENTITY

    @property
    def party(self) -> str:
        """The place as one that earns."""
        return f"STORE-{self.code}"


REGIONS = (
    Region(code="EAST", name="华东 East China"),
    Region(code="NORTH", name="华北 North China"),
    Region(code="SOUTH", name="华南 South China"),
    Region(code="CENTRAL", name="华中 Central China"),
    Region(code="WEST", name="西部 West China"),
)

DEALERS = (
    Dealer(code="LUYUAN", name="鲁原衣舍 Luyuan", company="济南鲁原服饰有限公司", region="NORTH"),
    Dealer(code="HELUO", name="河洛尚品 Heluo", company="郑州河洛商贸有限公司", region="CENTRAL"),
    Dealer(code="DIANGUI", name="滇桂风尚 Diangui", company="昆明滇桂服饰有限公司", region="WEST"),
)

# Code, name, name in English, district (GB/T 2260), longitude, latitude, unit above, weight, guides, tasks a day.
_STORES = """
S01 上海梧桐里店 Shanghai-Wutongli 310106 121.457 31.227 EAST 100 4 200
S02 上海徐家浜店 Shanghai-Xujiabang 310104 121.437 31.193 EAST 80 4 160
S03 上海滨江云汀店 Shanghai-Riverside 310115 121.505 31.238 EAST 75 4 160
S04 上海五角天地店 Shanghai-Wujiao 310110 121.514 31.299 EAST 55 3 120
S05 杭州湖畔里店 Hangzhou-Hupanli 330102 120.166 30.254 EAST 70 4 160
S06 杭州运河坊店 Hangzhou-Canal 330105 120.142 30.318 EAST 40 3 100
S07 南京秦淮灯影店 Nanjing-Qinhuai 320104 118.789 32.022 EAST 60 3 140
S08 苏州平江巷店 Suzhou-Pingjiang 320508 120.629 31.313 EAST 50 3 120
S09 宁波月湖畔店 Ningbo-Moonlake 330203 121.544 29.868 EAST 35 3 80
S10 厦门鹭岛里店 Xiamen-Egret 350203 118.087 24.455 EAST 40 3 100
S11 北京朝阳里店 Beijing-Chaoyangli 110105 116.454 39.914 NORTH 90 4 180
S12 北京西四坊店 Beijing-Xisifang 110102 116.374 39.925 NORTH 60 3 140
S13 北京学院廊店 Beijing-Academy 110108 116.322 39.984 NORTH 55 3 120
S14 天津海河湾店 Tianjin-Haihe 120101 117.202 39.118 NORTH 40 3 100
S15 广州天河云廊店 Guangzhou-Cloudway 440106 113.331 23.136 SOUTH 80 4 160
S16 广州东山口店 Guangzhou-Dongshan 440104 113.293 23.125 SOUTH 50 3 120
S17 深圳南山星海店 Shenzhen-Starsea 440305 113.937 22.517 SOUTH 85 4 160
S18 深圳福田中轴店 Shenzhen-Axis 440304 114.057 22.540 SOUTH 60 3 140
S19 武汉江汉里店 Wuhan-Jianghanli 420103 114.287 30.584 CENTRAL 60 3 140
S20 长沙湘江畔店 Changsha-Riverbank 430102 112.976 28.194 CENTRAL 50 3 120
S21 成都锦里坊店 Chengdu-Jinlifang 510104 104.082 30.654 WEST 80 4 160
S22 成都玉林里店 Chengdu-Yulinli 510107 104.054 30.631 WEST 45 3 100
S23 重庆山城巷店 Chongqing-Hillside 500103 106.577 29.557 WEST 60 3 140
S24 西安城墙根店 Xi'an-Citywall 610103 108.947 34.253 WEST 45 3 100
S25 济南泉城里店 Jinan-Springs 370102 117.027 36.667 LUYUAN 45 3 100
S26 青岛栈桥路店 Qingdao-Pier 370202 120.316 36.064 LUYUAN 45 3 100
S27 烟台海岸街店 Yantai-Seaside 370602 121.396 37.536 LUYUAN 20 2 60
S28 潍坊风筝坊店 Weifang-Kite 370705 119.132 36.708 LUYUAN 15 2 60
S29 郑州金水里店 Zhengzhou-Jinshuili 410105 113.665 34.776 HELUO 45 3 100
S30 洛阳牡丹街店 Luoyang-Peony 410305 112.404 34.660 HELUO 18 2 60
S31 石家庄长安里店 Shijiazhuang-Changanli 130102 114.517 38.043 HELUO 22 2 60
S32 太原汾河畔店 Taiyuan-Fenhe 140106 112.563 37.865 HELUO 22 2 60
S33 昆明翠湖边店 Kunming-Greenlake 530102 102.706 25.049 DIANGUI 40 3 80
S34 贵阳南明巷店 Guiyang-Nanming 520103 106.711 26.584 DIANGUI 25 2 60
S35 南宁朱槿街店 Nanning-Hibiscus 450103 108.366 22.817 DIANGUI 22 2 60
S36 桂林两江里店 Guilin-Rivers 450302 110.290 25.279 DIANGUI 15 2 60
"""

_WAREHOUSES = """
W01 嘉兴中心仓 Jiaxing-Warehouse 330402 120.783 30.747 EAST 0 0 6000
W02 东莞华南仓 Dongguan-Warehouse 441900 113.752 23.021 SOUTH 0 0 4000
"""


def _place(row: str) -> Place:
    code, chinese, english, region_code, longitude, latitude, parent, weight, guides, tasks = row.split()
    return Place(
        code=code,
        chinese=chinese,
        english=english.replace("-", " "),
        region_code=region_code,
        coordinates=Coordinates(longitude=float(longitude), latitude=float(latitude)),
        parent=parent,
        dealer=parent if parent in {dealer.code for dealer in DEALERS} else None,
        weight=int(weight),
        guides=int(guides),
        tasks_per_day=int(tasks),
    )


STORES: tuple[Place, ...] = tuple(_place(row) for row in _STORES.strip().splitlines())
WAREHOUSES: tuple[Place, ...] = tuple(_place(row) for row in _WAREHOUSES.strip().splitlines())
PLACES = (*WAREHOUSES, *STORES)
PLACES_BY_CODE = MappingProxyType({place.code: place for place in PLACES})
