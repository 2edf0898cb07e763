"""Alarms of sensors, in both languages: as the gateway says them itself (a test compares)."""

SENSOR_WORDS: dict[str, tuple[str, str]] = {
    "alarm.sensor_fault": ("The sensor says that it cannot measure.", "传感器报告无法测量。"),
    "alarm.sensor_fault.do": (
        "Run `berth-edge doctor`, and replace the sensor if it stays so.",
        "运行 `berth-edge doctor`；若仍如此，请更换传感器。",
    ),
    "alarm.sensor_timeout": (
        "The ultrasonic sensor does not answer its trigger.",
        "超声波传感器对触发没有响应。",
    ),
    "alarm.sensor_timeout.do": (
        "Check its 5 V, ground, trigger and echo wires, and the pin numbers in the settings.",
        "请检查 5 V、地线、触发线和回波线，以及配置中的引脚号。",
    ),
    "alarm.sensor_stuck_high": (
        "The echo line is high before a ping.",
        "发出探测前回波线已为高电平。",
    ),
    "alarm.sensor_stuck_high.do": (
        "Check the divider on the echo wire, and that no two sensors share one pin.",
        "请检查回波线上的分压电阻，并确认没有两个传感器共用一个引脚。",
    ),
    "alarm.sensor_silent": ("The sensor sends nothing.", "传感器没有发送数据。"),
    "alarm.sensor_silent.do": (
        "Check its power and cable, and its port, bus or pins in the settings.",
        "请检查电源和线缆，并确认配置中的串口、总线或引脚正确。",
    ),
    "alarm.sensor_garbage": (
        "The serial sensor sends what cannot be read.",
        "串口传感器发送的数据无法识别。",
    ),
    "alarm.sensor_garbage.do": (
        "Check ground and cable length, and that the kind in the settings is that of the sensor.",
        "请检查地线和线缆长度，并确认配置中的传感器型号正确。",
    ),
    "alarm.sensor_bus": (
        "The magnetometer does not answer on its bus.",
        "磁力计在总线上没有响应。",
    ),
    "alarm.sensor_bus.do": (
        "Check its four wires, that I2C is on, and the bus, address and multiplexer channel.",
        "请检查四根线、I2C 是否启用，以及总线、地址和多路器通道。",
    ),
    "alarm.sensor_identity": (
        "Another chip answers than the settings name.",
        "应答的芯片与配置不符。",
    ),
    "alarm.sensor_identity.do": (
        "Run `berth-edge doctor`, set the kind it names, and start the gateway again.",
        "运行 `berth-edge doctor`，按其提示设置型号并重新启动网关。",
    ),
    "alarm.sensor_not_ready": (
        "The magnetometer answers but measures nothing.",
        "磁力计有应答但没有测量数据。",
    ),
    "alarm.sensor_not_ready.do": (
        "Take its power away for a moment; if it stays so, replace it.",
        "断电后重新上电；若仍如此，请更换。",
    ),
    "alarm.sensor_overflow": (
        "The magnetic field is beyond the magnetometer's range.",
        "磁场超出磁力计量程。",
    ),
    "alarm.sensor_overflow.do": (
        "Take magnets and steel away from it; if it stays so, mount it elsewhere, or replace it.",
        "请移开附近的磁铁和钢件；若仍如此，请更换安装位置或更换传感器。",
    ),
    "alarm.sensor_frozen": ("The sensor repeats one value.", "传感器一直重复同一数值。"),
    "alarm.sensor_frozen.do": (
        "Take its power away for a moment; if it stays so, replace it.",
        "断电后重新上电；若仍如此，请更换。",
    ),
    "alarm.sensor_out_of_range": (
        "The sensor gives values that it cannot measure.",
        "传感器给出不可能的数值。",
    ),
    "alarm.sensor_out_of_range.do": (
        "Clean its face and check its power; if it stays so, replace it.",
        "请清洁传感器表面并检查电源；若仍如此，请更换。",
    ),
    "alarm.sensor_camera": ("The camera gives no picture.", "摄像头没有画面。"),
    "alarm.sensor_camera.do": (
        "Check its power and cable or network, and the source in the settings.",
        "请检查电源、线缆或网络，以及配置中的来源。",
    ),
    "alarm.sensor_missing": ("The device is not there.", "找不到该设备。"),
    "alarm.sensor_missing.do": (
        "Check what the settings name: pins and the group gpio; I2C on, bus and address; serial "
        "port and the group dialout; the 1-Wire id.",
        "请检查配置所指：引脚与 gpio 组；I2C 已启用、总线与地址；串口与 dialout 组；1-Wire 编号。",
    ),
}
