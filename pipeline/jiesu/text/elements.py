"""The elements of a work order (Art. 10): when, where, of what or whom, and what is wished."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import NamedTuple

from jiesu.schema import Elements
from jiesu.text.when import find_time, moment

_SHORTEST_DEMAND, _LONGEST_DEMAND = 4, 80
_THING, _BROKEN = 2.3, 4.5
_OPENING, _EARLY, _AGAIN = 30, 0.6, 0.3
_MOST_MARKS = 600
"""A text with more marks than these, some 3,000 characters, is not searched for places further."""

# Words of an address, by kind. [brackets] hold the characters that a word must not stand beside.
# A cut cannot stand inside a name: it ends one before it and lets one begin behind it.
_CUTS = (
    '， 。 ！ ？ ； ： 、 , ! ? ; : 《 》 “ ” " ( ) （ ） 【 】 … ~ < > 其他 其 是 的 位于 在 '
    "住 住在 到 去 由[拳] 于[家洪都] 从[化] 经过 路过 途经 购买 租 入住 反映 反馈 反应 投诉 "
    "咨询 举报 建议 希望 请 请求 要求 关于 对于 针对 有关 市民 来电 我 我们 本人 自己 你 你们 "
    "他 他们 她 您 大家 因 因为 由于 有[限] 现在 现反 现有 目前 至今 被 为 了 该 此 这 那 某 "
    "每天 每日 每晚 一个 一家 一条 一直 一名 两个 两家 许多 很多 多个 多家 多次 几个 几家 "
    "经常 长期 随意 私自 擅自 违规 违法 非法 拖欠 乱停 乱收 乱摆 乱堆 乱扔 噪音 扰民 严重 "
    "出现 发生 导致 造成 影响 使用 进行 没 没有 未[来] 不[夜] 无[锡] 已 已经 之前 就 "
    "都[市城匀江] 也 还 会[馆] 要 想 让 给 向[阳荣前东西南北] 把 将[军] 叫 称 说 问 找 拨打 "
    "联系 告知 回复 工单 编号 工单号 内容 问题 情况 道路 马路 路灯 路面 公路[局] 街上 街边 "
    "村民 村里 村上 居民 业主 住户 城管 城市 区域 地区 领导 相关 部门 政策 申请 办理 今年 "
    "今天 今日 昨天 昨晚 去年 上午 下午 晚上 早上 凌晨 旁有 以及 并 且 而 但 如果 虽然 什么 "
    "怎么 哪 如何 是否 能否 可以 需 需要 应 应该 必须 员工 学生 家长 车辆 违停 超时 停水 停电 "
    "停气 收费 漏水 堵塞 合同 工资 退费 退款 孩子 小孩 老人 户口 户籍 家里 家中 家住 家在 "
    "尊敬 您好 你好 书记 局长 市长 县长 厅长 求助 多年 全县 全市 全区 全省 等 与 对[面] 能 "
    "请问 必 再 却 只 很 太 才 着[力] 过[街] 得[胜] 吗 呢 吧 啊 买 办 收 告 做 用 看 开 听 打 "
    "受理 解决 处理 建设 我市 我区 我县 我村 本市 本村 本区 本小区 拆迁 房子 房产 号楼 补助 "
    "返回 顺便 往 上个 进出 近日 近期 最近 近日来 同时 搭建 加建 改建 向着 附近的 某某 陌生 "
    "小区里 收取 位於 即 内的 强制 每年 每月 至 听到 后来 全家 晚 白天 夜间 目的 投入 包括 "
    "隐患 安全 来[宾安凤福] 列入 进入 步入 学习 前期 注销 当地 本次 旗下 几天 发现 存在 面临 "
    "质疑 完善 知情 盘活 商家"
)
_REGIONS = (
    "自治区 自治州 自治县 开发区 高新区 经开区 新区[域] [城本全]省[里级道内外长委直会] "
    "[本全城我都超股]市[民场政长面局委里内人容财级直县井中] "
    "[小社校园景厂地辖管片郊市城库街商院住老旧]区[域里内别间分县] "
    "[本全我各]县[城委里级长内域]"
)
_TOWNS = "街道 街道办 街道办事处 [城小村全集]镇[里上长级区痛安] [家老下还城故同]乡[镇村亲下里]"
_VILLAGES = (
    "村委会 居委会 村民委员会 居民委员会 社区 屯[积] [农一]庄[稼园] 新村 "
    "[农乡全本山我该每各两城]村[民里上书干支委长口内庄主组级两]"
)
_ROADS = (
    "大道 大街 高速 高速公路 国道 省道 县道 乡道 隧道 立交 立交桥 胡同 大桥 "
    "[上逛沿]街[道坊头面区舞] [小街]巷[子] "
    "[道马公铁走上下过一半思线电水网修让出销套小条]路[灯面过人程障线况基虎口]"
)
_ESTATES = (
    "小区 花园 家园 花苑 公寓 公馆 大厦 大楼 广场 国际城 中心城 别墅 家属楼 家属院 家属区 "
    "宿舍 宿舍楼 商城 步行街 商业街 夜市 工业园 工业园区 产业园 产业园区 科技园 公园 景区 "
    "家苑 雅苑 安置房 安置区"
)
_SHORT_ESTATES = (
    "[校乐田果菜]园[林区丁长内] 苑 [县省进商全]城[管市区镇乡中建东南西北里] [台]湾 郡 "
    "[家法开]庭 [邻定移民安]居[民住然家委多高间] 墅 邸 [政]府[前里] 轩 [气车进水充]汇[处报总]"
)
_SITES = (
    "学校 小学[生] 中学[生] 高中[生] 初中[生] 大学[生] 学院 幼儿园 [第]一中[心学] 医院 卫生院 "
    "卫生所 卫生室 诊所 门诊 门诊部 酒店 宾馆 饭店 饭馆 餐厅 餐馆 食堂 超市 便利店 药店 药房 "
    "网吧 酒吧 歌厅 歌舞厅 KTV ktv 健身房 健身中心 美容院 养老院 敬老院 工地 加油站 充电站 "
    "驾校 培训机构 培训学校 培训班 培训中心 教育机构 托管班 地铁站 高铁站 火车站 汽车站 "
    "公交站 机场 码头 车站 收费站 售楼部 售楼处 采石场 沙场 砂场 养殖场 养猪场 养鸡场 屠宰场 "
    "停车场 搅拌站 垃圾站 垃圾场 中转站 变电站 商店 商场 市场 农贸市场 商行 会所 俱乐部 农场 "
    "林场 学府 影院 影城 菜市场 驿站 购物中心 [工建出药水电]厂[家商房区里长] 美食城 "
    "[该本到分门饭酒商开网实新老旧药]店[主家员铺里面内门长] [旅场]馆[里内] [第]二中[心学] "
    "[第]三中[心学] [第]四中[心学]"
)
_ORGS = (
    "公司 有限公司 有限责任公司 集团 银行 信用社 合作社 项目部 物业[费管] 物业公司 "
    "物业管理公司 物业服务中心 开发商 地产 房地产 平台 业委会 业主委员会 车管所 派出所 公安局 "
    "教育局 住建局 规划局 民政局 环保局 人社局 社保局 交通局 税务局 房产局 房管局 国土局 "
    "卫生局 工商局 水务局 供电局 管理局 执法局 财政局 林业局 农业局 司法局 政府 管委会 "
    "服务中心 公积金中心 交警队 交警大队 支行 分行 中学部"
)
_RELATIONS = (
    "十字路口 交叉口 交叉路口 交汇处 交界处 交叉处 丁字路口 红绿灯 红绿灯路口 路口 门口 正门 "
    "正门口 大门 大门口 东门 南门 西门 北门 东门口 南门口 西门口 北门口 对面 正对面 斜对面 旁 "
    "旁边 附近 隔壁 后面 前面 楼下 东侧 南侧 西侧 北侧 东边 南边 西边 北边 地铁口 桥下 路段 "
    "地下车库 地下停车场 A口 B口 C口 D口 A出口 B出口 C出口 D出口 出口 入口 侧门 后门 周边 "
    "交口 十字口"
)
_TAIL = (
    r"(?:[东南西北中]+段)?(?:[0-9]{1,5}(?:-[0-9]{1,3})?号(?![楼栋线院])(?:附近)?)?(?:[一二三四五六七八九0-9]{1,2}期)?(?:[东南西北A-H]区)?"
    r"(?P<house>(?:[0-9]{1,3}|[A-Ha-h][0-9]{0,2}|[一二三四五六七八九十]{1,3})(?:号楼|号院|栋|幢|座|#楼|#))?"
)

_THINGS = (
    "路灯 红绿灯 信号灯 井盖 窨井盖 窨井 下水道 排水沟 排水管 污水管 化粪池 水管 自来水管 "
    "自来水 管道 燃气表 天然气 燃气 煤气 暖气 供暖 热水 水表 电表 电梯 电线杆 电线 电缆 "
    "变压器 充电桩 护栏 栏杆 隔离带 围墙 路面 道路 人行道 盲道 斑马线 桥梁 河道 河堤 垃圾桶 "
    "垃圾 公厕 厕所 树木 大树 树枝 绿化带 绿化 草坪 草地 健身器材 监控 摄像头 门禁 消防栓 "
    "消防通道 楼道 外墙 墙面 屋顶 天花板 窗户 公交车 地铁 出租车 网约车 共享单车 电动车 "
    "电瓶车 摩托车 货车 渣土车 僵尸车 网络 有线电视 光纤 快递 空调 冰箱 手机 充电宝 流浪狗 "
    "流浪猫 犬只 马路 喷泉 水库 鱼塘 农田 耕地 房屋 阳台 雨棚 广告牌 招牌 停车位 施工 改造 "
    "考试 补贴 河水 海水 积水 房子 地基 墙体 牌子 饮用水 公交 校车 大门 下水 机动车 汽车 土地"
)
_MATTERS = (
    "住房公积金 公积金 居住证 身份证 户口 户籍 落户 社保卡 社保 医保卡 医保 养老金 养老保险 "
    "医疗保险 失业金 失业保险 低保 残疾证 准生证 生育津贴 结婚证 房产证 不动产权证 不动产证 "
    "产权证 学籍 学区 入学 转学 升初中 中考 高考 驾驶证 驾照 行驶证 营业执照 资格证 职称 "
    "人才补贴 购房补贴 补助 奖学金 助学金 拆迁 征地 征收 补偿款 补偿 安置房 安置 公租房 "
    "廉租房 经济适用房 保障房 限购 购房资格 贷款 税费 契税 个税 发票 维修基金 物业费 停车费 "
    "取暖费 水费 电费 话费 押金 定金 学费 补课费 补课 会员卡 预付卡 退费 退款 工资 加班费 "
    "劳动合同 社会保险 退休 工伤 噪音 噪声 油烟 粉尘 扬尘 废气 臭味 异味 污水 违章建筑 违建 "
    "违法建筑 违章搭建 占道经营 乱停乱放 违停 停水 停电[梯] 停气 断水 断电 断气 积水 赌博 "
    "私彩 传销 诈骗 假货 食品安全 传单 小广告 公交线路 公交站 疫苗 核酸 健康码 广场舞 漏水 "
    "渗水 危房 火灾 采砂 采矿 拥堵 堵车 教师招聘 招聘 公务员考试 义务教育 学位 优惠政策 二胎 "
    "退役 退伍 优抚 抚恤金 丧葬费 土地确权 宅基地 建房 旧改 加装电梯 三供一业 污染 油污 加建 "
    "改建 私建 赌钱 打牌 开裂 欠薪 乱收费 收费 车位 物业管理费 房屋质量 超载 拉客 偷税 "
    "假冒伪劣 宽带 欠款 虚假宣传 退房 购房合同 小偷"
)
_ROLES = (
    "开发商 施工方 施工队 承包商 包工头 房东 老板 邻居 楼上 楼下住户 隔壁 商家 店家 商贩 摊贩 "
    "小贩 中介 司机 驾驶员 保安 业委会 快递员 房产商 卖家 黑车 老师 班主任 校长 村支书 村主任 "
    "村干部 村长 工作人员 物业 医生"
)
_DEFECTS = (
    r".{0,5}?(?:坏|不亮|不通|漏|堵|破|塌|断|裂|缺失|丢失|被盗|松动|脱落|倒|冒|溢|故障|停运|停用|损|失灵|不能用|无法使用|"
    r"用不了|没有?水|没有?电|不热|坑|积水|乱|满|脏|臭|占|停[水气电]|掉|闪|熄|毁|挡|垮|卡|困)"
)
_BLAMED = re.compile(r"(?:投诉|举报|反映|反应|曝光|控告|质疑)[:：]?$")
_BESIDE = re.compile(r"门口|[斜正]?对面|旁|附近|隔壁|[东南西北][侧边面门]|[前后]面")
_TO_WHOM = re.compile(r"(?:政府|局|队|所|委会|热线|中心)$")

_WISH = (
    r"希望(?!小学|工程)|恳[请求]|强烈要求|建议(?![，,。]|仅)|呼吁|盼望?|但愿|请求|"
    r"(?<![申邀聘宴报烦敦提特])请(?![问假客示教来人了到过帖吃您你勿款柬]|工匠|律师|保姆)|"
    r"(?<![希渴期失绝观看张无指有探眺遥盼展愿欲声名])望(?=[领政有相贵能尽予给早市解帮请各及回您部严抓县区上])|"
    r"能不能|能否|可不可以|可否|求(?=解决|助|帮|政府|领导|关注|处理|答|相关)|诉求[:：是为]"
)
# 要求 is the caller's own wish behind the caller or at the head of a clause only.
_INSIST = r"(?:^|(?<=[，。；：:,\s！!？?、（(现电民其我人特故烈此者们体]))要求(?!的)"
_ASK = (
    r"请问|想问|问一?下|咨询(?!服务|电话|热线|客服|指导|公司)|想要?了解|想知道|是否|如何|怎么|怎样|什么|何时|多久|多少|"
    r"哪[里个些儿]|为何|有没有|[吗呢么][？?]|[？?]|谁来?管|管一[管下]"
)
_SURE_ASK = re.compile(
    r"请问|想问|(?:^|(?<=[想来电欲，。：:,\s现故]))咨询|想要?了解|想知道|问一?下|(?:如何|怎么|怎样)(?=.{0,12}(?:办|申|提|缴|查|领|补|计算))"
)
_DIRECT_ASK = re.compile(r"是否|如何|何时|什么时候|多久|多少|有没有")
_RHETORIC = re.compile(r"难道|凭什么|谁来?管|怎么能|还有没有|[？?！!]{2}|是不是|这样的?吗|何在")
# A wish for an answer alone says less than one for a deed.
_POLITE = re.compile(
    r"(?:回复|答复|解答|回应|答疑|回电|谢谢|感谢|重视|关注|为盼|支持|指[点教正]|理解|谅解)"
)
_DEED = re.compile(
    r"解决|处理|查|改|整|修|管|协调|落实|恢复|办|治|退|安装|清|停|拆|给予|帮|调|增|取缔|加强"
)
_LEAD = re.compile(
    r"(?:[\s\d.、·，,；;：:）)]|故|现(?!在)|因此|所以|于是|特此|在此|来电(?:人|者)?|市民|诉求人|反映人|为此|同时|另外?|"
    r"并且|您好|你好|谢谢|尊敬的[^，,：:！!]{1,12}[：:，,！!])+"
)
_SENTENCE = re.compile(r"[^。！？!?；;\n…]+[！？!?]{0,2}")
_CLAUSE_START = re.compile(r"[，,：:\s（(][^，,：:\s（(]*$")
_CLAUSE_END = re.compile(r".*(?=[，,、\s])", re.S)
_IS_WIDE = re.compile("[０-９：．]")
_WIDE = str.maketrans("０１２３４５６７８９：．", "0123456789:.")


class _Kind(NamedTuple):
    """A kind of address word: its words, the longest name before one, what it says of a place."""

    words: str
    longest: int = 0
    weight: float = 0.0


_KINDS = {
    "region": _Kind(_REGIONS, 6, 1.0),
    "town": _Kind(_TOWNS, 6, 2.0),
    "village": _Kind(_VILLAGES, 8, 3.0),
    "road": _Kind(_ROADS, 8, 3.0),
    "estate": _Kind(_ESTATES, 12, 4.0),
    "short": _Kind(_SHORT_ESTATES, 8, 3.0),
    "site": _Kind(_SITES, 14, 2.5),
    "org": _Kind(_ORGS, 16),
    "relation": _Kind(_RELATIONS, 10, 1.0),
    "cut": _Kind(_CUTS),
}
# These may follow another at once: 农行宿舍 + 小区.
_GLUED = ("estate", "short", "site", "relation", "org")
_ENTRY = re.compile(r"(?:\[(\S*?)\])?([^\s\[\]]+)(?:\[(\S*?)\])?")


class _Part(NamedTuple):
    """One step of an address: its kind, where it stands, where its name ends and what it weighs."""

    kind: str
    start: int
    end: int
    weight: float


class _Thing(NamedTuple):
    """A stretch that may be what the appeal is about."""

    weight: float
    start: int
    end: int


def find_elements(
    text: str,
    *,
    received_at: str | None,
    area: str | None,
    subdistrict: str | None,
    spans: Sequence[tuple[int, int]] | None,
) -> Elements:
    """Return time, place, object and demand of an appeal, and which of them are missing (Art. 10).

    `received_at` is ISO 8601; `spans` are the caller's own stretches of a transcript. Time is as
    in `find_time`; a place ends at the building, never at a unit or room; object and demand are
    stretches of the text.
    """
    said = text if spans is None else "\n".join(text[start:end] for start, end in spans)
    shown = said.translate(_WIDE) if _IS_WIDE.search(said) else said
    chains, things = _walk(shown)
    things.extend(_named_things(shown))
    found = {
        "time": find_time(shown, moment(received_at)),
        "place": _place(shown, chains, area, subdistrict),
        "object": _object(said, things),
        "demand": _demand(said),
    }
    missing = tuple(name for name, value in found.items() if value is None)
    return Elements(**found, missing=missing)


@cache
def _marks() -> tuple[re.Pattern[str], dict[str, str]]:
    """Return a pattern of all words of addresses, and the kind of each."""
    entries = [
        (before, word, after, name)
        for name, kind in _KINDS.items()
        for before, word, after in _ENTRY.findall(kind.words)
    ]
    written = [_conditioned(entry[:3]) for entry in entries]
    # Spaces and dates cut as well.
    extra = [f"{space}" for space in (" ", "\n", "\t", "\r", "\u3000")]
    pattern = _by_first([*written, *((space, "", "") for space in extra)])
    dates = "|".join(f"{digit}[0-9]{{0,3}}[年月日点元]" for digit in range(10))
    return re.compile(f"{pattern}|{dates}"), {word: name for _, word, _, name in entries}


def _conditioned(entry: tuple[str, str, str]) -> tuple[str, str, str]:
    """Turn (not behind, word, not before) into the word and its two conditions as patterns."""
    before, word, after = entry
    return word, f"(?<![{before}]{word[0]})" if before else "", f"(?![{after}])" if after else ""


def _by_first(words: Sequence[tuple[str, str, str]]) -> str:
    """Return an alternation of (word, condition behind its first character, one at its end).

    Every branch begins with another literal character, so that `re` can skip what begins none.
    """
    rest: dict[str, list[tuple[str, str, str]]] = {}
    for entry in sorted(words, key=lambda entry: -len(entry[0])):
        rest.setdefault(entry[0][0], []).append(entry)
    return "|".join(
        re.escape(first)
        + "(?:"
        + "|".join(behind + re.escape(word[1:]) + end for word, behind, end in entries)
        + ")"
        for first, entries in rest.items()
    )


@cache
def _tail() -> re.Pattern[str]:
    return re.compile(_TAIL)


@cache
def _nouns() -> tuple[re.Pattern[str], dict[str, float]]:
    """Return a pattern of things, matters and roles, and what each weighs as an object."""
    weights = {
        entry: weight
        for words, weight in ((_ROLES, 2.2), (_MATTERS, 2.9), (_THINGS, _THING))
        for entry in _ENTRY.findall(words)
    }
    return re.compile(_by_first(list(map(_conditioned, weights)))), {
        word: weight for (_, word, _), weight in weights.items()
    }


@cache
def _defects() -> re.Pattern[str]:
    return re.compile(_DEFECTS)


def _walk(text: str) -> tuple[list[list[_Part]], list[_Thing]]:
    """Cut a text into chains of address parts, and gather the names of organisations."""
    chains: list[list[_Part]] = [[]]
    things: list[_Thing] = []
    begin = 0
    pattern, kinds = _marks()
    kind_of = kinds.get
    for number, mark in enumerate(pattern.finditer(text)):
        if number == _MOST_MARKS:
            break
        start, end = mark.span()
        if start < begin:
            continue
        word = mark[0]
        kind = kind_of(word, "cut")
        chain = chains[-1]
        if kind == "cut":
            # Roads that cross, 甲路与乙路, and what is said to lie opposite go on.
            joins = word == "与" or (word == "的" and chain and chain[-1].kind == "relation")
            if chain and (start > begin or not joins):
                chains.append([])
            begin = end
            continue
        length = start - begin
        last = chain[-1].kind if chain else None
        if not length and chain and kind not in _GLUED:
            continue
        if not length and not chain:
            if kind in ("org", "site") and not _TO_WHOM.search(text, start, end):
                things.append(_Thing(2.3, start, end))
            begin = end
            continue
        if length > _KINDS[kind].longest:
            if chain:
                chains.append([])
            begin = end
            continue
        if kind == "short" and not chain and not _is_building(text, end):
            continue
        if kind in ("org", "site") and length:
            things.append(_organisation(text, begin, start, end, kind))
        if kind != "relation" and (
            last == "org" or (last == "relation" and text[begin - 1] != "的")
        ):
            chains.append([])
        if (kind == "region" and last not in (None, "region")) or (
            kind == "town" and last not in (None, "region", "town")
        ):
            kind = "village"
        part = _numbered(text, _Part(kind, begin, end, _KINDS[kind].weight))
        chains[-1].append(part)
        begin = part.end
    return chains, things


def _is_building(text: str, end: int) -> bool:
    tail = _tail().match(text, end)
    numbered = tail is not None and tail["house"] is not None
    return numbered or text[end : end + 2] in ("业主", "住户")


def _numbered(text: str, part: _Part) -> _Part:
    """Add the number, phase and building that stand behind a road or an estate."""
    if part.kind not in ("road", "estate", "short", "site", "village"):
        return part
    tail = _tail().match(text, part.end)
    if tail is None or tail.end() == part.end:
        return part
    return part._replace(end=tail.end(), weight=part.weight + 1.0)


def _organisation(text: str, begin: int, start: int, end: int, kind: str) -> _Thing:
    weight = 3.0 if kind == "site" else 3.2
    if _BESIDE.match(text, end):
        return _Thing(1.0, begin, end)
    if _BLAMED.search(text, max(0, begin - 4), begin):
        weight += 2.0
    if _TO_WHOM.search(text, start, end):
        weight -= 1.5
    return _Thing(weight, begin, end)


def _named_things(text: str) -> Iterator[_Thing]:
    """Yield the things, matters and roles that a text names; a broken thing weighs most."""
    pattern, weights = _nouns()
    for found in pattern.finditer(text):
        weight = weights[found[0]]
        if weight == _THING and _defects().match(text, found.end()):
            weight = _BROKEN
        yield _Thing(weight, found.start(), found.end())


def _object(text: str, things: Sequence[_Thing]) -> str | None:
    """Return what weighs most: what opens an appeal and what recurs gain; of equals the first."""
    weights: dict[str, float] = {}
    for weight, start, end in things:
        name = text[start:end].strip()
        if name in weights:
            weights[name] = max(weights[name], weight) + _AGAIN
        elif name:
            weights[name] = weight + (_EARLY if start < _OPENING else 0.0)
    return max(weights, key=weights.__getitem__, default=None)


def _weight(chain: Sequence[_Part]) -> float:
    # A school or shop by itself says little of where, and its name may begin too early.
    if len(chain) == 1 and chain[0].kind == "site":
        return 1.0
    return sum([part.weight for part in chain])


def _place(
    text: str, chains: Sequence[Sequence[_Part]], area: str | None, subdistrict: str | None
) -> str | None:
    """Join the most specific chain with the record's area and subdistrict."""
    best: Sequence[_Part] = max(chains, key=_weight, default=())
    best = best if _weight(best) > 0 else ()
    regions = "".join(text[part.start : part.end] for part in best if part.kind == "region")
    towns = "".join(text[part.start : part.end] for part in best if part.kind == "town")
    rest = [part for part in best if part.kind not in ("region", "town")]
    named = text[rest[0].start : rest[-1].end] if rest else ""
    if area and area not in regions + named and not regions.endswith(("区", "县")):
        regions += area
    if subdistrict and not towns and subdistrict not in named:
        towns = subdistrict
    return f"{regions}{towns}{named}" or None


@cache
def _demands() -> re.Pattern[str]:
    return re.compile(f"({_WISH})|({_INSIST})|{_ASK}")


def _demand(text: str) -> str | None:
    """Return the clause that states the wish, or the question; the last of the strongest."""
    best, stretch = 0.0, ""
    for sentence in _SENTENCE.finditer(text):
        start, end = sentence.span()
        heaviest, place = 0.0, start
        for mark in _demands().finditer(text, start, end):
            weight = _wish_weight(text, mark, end)
            if weight > heaviest:
                heaviest, place = weight, mark.start() if mark.lastindex else -mark.start()
        if heaviest and heaviest >= best:
            best, stretch = heaviest, _clause(text, start, end, place)
    return stretch or None


def _wish_weight(text: str, mark: re.Match[str], end: int) -> float:
    """Say how surely a marker begins what the caller wishes or asks."""
    start = mark.start()
    if mark.lastindex == 1:
        if end - start < _SHORTEST_DEMAND:
            return 0.0
        end = min(end, start + _LONGEST_DEMAND)
        thin = _POLITE.search(text, start, end) and not _DEED.search(text, start, end)
        return 1.8 if thin else 3.0
    if mark.lastindex == 2:
        return 2.5
    if _SURE_ASK.match(text, start):
        return 3.0
    if _RHETORIC.search(text, max(0, start - 20), min(end, start + _LONGEST_DEMAND)):
        return 1.0
    if _DIRECT_ASK.match(text, start):
        return 2.0
    return 1.5 if text[end - 1] in "？?" else 0.0


def _clause(text: str, start: int, end: int, place: int) -> str:
    """Return a wish from its marker on, or the question around its own, of 80 characters at most.

    `place` is where the marker stands: positive for a wish, negative for a question.
    """
    if place > 0:
        start = place
    elif end - start > _LONGEST_DEMAND // 2:
        before = _CLAUSE_START.search(text, max(start, -place - _LONGEST_DEMAND // 2), -place)
        start = before.start() if before else max(start, -place - _LONGEST_DEMAND // 2)
    lead = _LEAD.match(text, start, end)
    start = lead.end() if lead and lead.end() < end else start
    stretch = text[start:end].rstrip("，,、！!）)（( 　")
    if len(stretch) > _LONGEST_DEMAND:
        cut = _CLAUSE_END.match(stretch, 10, _LONGEST_DEMAND + 1)
        stretch = stretch[: cut.end()] if cut and cut.end() > 10 else stretch[:_LONGEST_DEMAND]
    return stretch.strip()
