"""What can be wrong with a sensor: the `why` of a reading without a value, with what to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from contracts.wire.types import FaultCode as FaultCode
from edge.core.readings import Channel

Wired: TypeAlias = Literal["pins", "serial", "i2c", "1-wire", ""]
"""How a sensor hangs on the gateway; "" where that is not known, or it is none of these."""
SERIAL_KINDS = ("a02yyuw", "jsn-sr04t-uart", "aj-sr04m")


@dataclass(frozen=True, slots=True)
class Advice:
    """For a person at the kerb; each text in English and Chinese."""

    en: str
    zh: str
    remedy_en: str
    remedy_zh: str


ADVICE: dict[FaultCode, Advice] = {
    "timeout": Advice(
        "The ultrasonic sensor does not answer its trigger.",
        "超声波传感器对触发没有响应。",
        "Check its 5 V, ground, trigger and echo wires, and the pin numbers in the settings.",
        "请检查 5 V、地线、触发线和回波线，以及配置中的引脚号。",
    ),
    "stuck_high": Advice(
        "The echo line is high before a ping.",
        "发出探测前回波线已为高电平。",
        "Check the divider on the echo wire, and that no two sensors share one pin.",
        "请检查回波线上的分压电阻，并确认没有两个传感器共用一个引脚。",
    ),
    "silent": Advice(
        "The sensor sends nothing.",
        "传感器没有发送数据。",
        "Check its power and cable, and its port, bus or pins in the settings.",
        "请检查电源和线缆，并确认配置中的串口、总线或引脚正确。",
    ),
    "garbage": Advice(
        "The serial sensor sends what cannot be read.",
        "串口传感器发送的数据无法识别。",
        "Check ground and cable length, and that the kind in the settings is that of the sensor.",
        "请检查地线和线缆长度，并确认配置中的传感器型号正确。",
    ),
    "bus": Advice(
        "The magnetometer does not answer on its bus.",
        "磁力计在总线上没有响应。",
        "Check its four wires, that I2C is on, and the bus, address and multiplexer channel.",
        "请检查四根线、I2C 是否启用，以及总线、地址和多路器通道。",
    ),
    "identity": Advice(
        "Another chip answers than the settings name.",
        "应答的芯片与配置不符。",
        "Run `berth-edge doctor`, set the kind it names, and start the gateway again.",
        "运行 `berth-edge doctor`，按其提示设置型号并重新启动网关。",
    ),
    "not_ready": Advice(
        "The magnetometer answers but measures nothing.",
        "磁力计有应答但没有测量数据。",
        "Take its power away for a moment; if it stays so, replace it.",
        "断电后重新上电；若仍如此，请更换。",
    ),
    "overflow": Advice(
        "The magnetic field is beyond the magnetometer's range.",
        "磁场超出磁力计量程。",
        "Take magnets and steel away from it; if it stays so, mount it elsewhere, or replace it.",
        "请移开附近的磁铁和钢件；若仍如此，请更换安装位置或更换传感器。",
    ),
    "frozen": Advice(
        "The sensor repeats one value.",
        "传感器一直重复同一数值。",
        "Take its power away for a moment; if it stays so, replace it.",
        "断电后重新上电；若仍如此，请更换。",
    ),
    "out_of_range": Advice(
        "The sensor gives values that it cannot measure.",
        "传感器给出不可能的数值。",
        "Clean its face and check its power; if it stays so, replace it.",
        "请清洁传感器表面并检查电源；若仍如此，请更换。",
    ),
    "camera": Advice(
        "The camera gives no picture.",
        "摄像头没有画面。",
        "Check its power and cable or network, and the source in the settings.",
        "请检查电源、线缆或网络，以及配置中的来源。",
    ),
    "missing": Advice(
        "The device is not there.",
        "找不到该设备。",
        "Check what the settings name: pins and the group gpio; I2C on, bus and address; serial "
        "port and the group dialout; the 1-Wire id.",
        "请检查配置所指：引脚与 gpio 组；I2C 已启用、总线与地址；串口与 dialout 组；1-Wire 编号。",
    ),
}

MISSING: dict[Wired, tuple[str, str]] = {
    "pins": (
        "Check that this user is in the group gpio, that `deploy/install.sh` has put the pins' "
        "library there, and the numbers of trigger and echo in the settings.",
        "请确认当前用户属于 gpio 组、`deploy/install.sh` 已安装引脚库，"
        "以及配置中触发和回波的引脚号。",
    ),
    "serial": (
        "Check the serial port in the settings: `ls -l /dev/serial0 /dev/ttyAMA* /dev/ttyUSB*` "
        "names what is there, and this user must be in the group dialout.",
        "请检查配置中的串口：`ls -l /dev/serial0 /dev/ttyAMA* /dev/ttyUSB*` 列出现有串口，"
        "且当前用户须属于 dialout 组。",
    ),
    "i2c": (
        "Turn I2C on (`sudo raspi-config nonint do_i2c 0`, then reboot), check bus and address in "
        "the settings, and that this user is in the group i2c.",
        "请启用 I2C（`sudo raspi-config nonint do_i2c 0` 后重启），检查配置中的总线和地址，"
        "并确认当前用户属于 i2c 组。",
    ),
    "1-wire": (
        "Check `dtoverlay=w1-gpio`, the 4.7 kΩ and the three wires; `ls /sys/bus/w1/devices` names "
        "the ids that answer, and one of them must be in the settings.",
        "请检查 `dtoverlay=w1-gpio`、4.7 kΩ 电阻和三根线；`ls /sys/bus/w1/devices` "
        "列出有应答的编号，配置中须为其中之一。",
    ),
}


def wired(channel: Channel) -> Wired:
    if channel.kind == "ultrasonic":
        return "serial" if channel.sensor in SERIAL_KINDS else "pins"
    by_kind: dict[str, Wired] = {"magnetic": "i2c", "temperature": "1-wire"}
    return by_kind.get(channel.kind, "")


def advice_for(code: FaultCode, way: Wired) -> Advice:
    """What is missing is looked for where it hangs; of every other fault all are told the same."""
    told, remedy = ADVICE[code], MISSING.get(way)
    if code != "missing" or remedy is None:
        return told
    return Advice(told.en, told.zh, *remedy)
