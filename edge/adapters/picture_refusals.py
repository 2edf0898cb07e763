"""Why a picture cannot be read for plates, as values: a code and its sentences in two languages."""

from __future__ import annotations

from dataclasses import dataclass

from edge.core.faults import Advice


@dataclass(frozen=True, slots=True)
class Refused:
    """`code` is one of REFUSALS'."""

    code: str

    @property
    def said(self) -> Advice:
        return REFUSALS[self.code]


REFUSALS: dict[str, Advice] = {
    "picture_missing": Advice(
        "There is no picture at that place.",
        "该位置没有图片。",
        "Check the path.",
        "请检查路径。",
    ),
    "picture_unreadable": Advice(
        "The picture's file cannot be read.",
        "无法读取该图片文件。",
        "Name a file, not a folder or a device, that this user may read.",
        "请指定当前用户可读取的文件，而不是文件夹或设备。",
    ),
    "picture_heavy": Advice(
        "The file is larger than 32 MB.",
        "文件超过 32 MB。",
        "Save the picture as JPEG, or smaller.",
        "请将图片另存为 JPEG 或缩小后再试。",
    ),
    "picture_none": Advice(
        "The file is no picture that is read here.",
        "该文件不是可读取的图片。",
        "Save it as JPEG, PNG, WebP, BMP, GIF or TIFF.",
        "请另存为 JPEG、PNG、WebP、BMP、GIF 或 TIFF。",
    ),
    "picture_torn": Advice(
        "The picture is torn: a part of the file is missing or damaged.",
        "图片不完整：文件有缺失或损坏。",
        "Copy it again from where it was taken, or take another.",
        "请重新从来源复制，或重新拍摄。",
    ),
    "picture_huge": Advice(
        "The picture has more pixels than can be read safely here.",
        "图片像素过多，无法安全读取。",
        "Save it with 4,000 pixels on its long side, or as a plain (baseline) JPEG.",
        "请将长边缩小到 4000 像素，或另存为普通（基线）JPEG。",
    ),
    "picture_tiny": Advice(
        "The picture is too small to show a plate.",
        "图片太小，看不清车牌。",
        "Give one of at least 16 pixels on each side; a plate needs some 60 across.",
        "每边至少 16 像素；车牌宽度约需 60 像素。",
    ),
    "picture_black": Advice(
        "The picture is black.",
        "图片全黑。",
        "Take the cap off the lens, give light, or let the camera expose longer.",
        "请取下镜头盖、增加照明，或延长曝光时间。",
    ),
    "picture_blown_out": Advice(
        "The picture is blown out: all of it is white.",
        "图片过曝：全部为白色。",
        "Turn the camera away from the sun or a lamp, or let it expose for less time.",
        "请避免摄像头正对太阳或灯光，或缩短曝光时间。",
    ),
    "picture_flat": Advice(
        "The picture shows one colour and nothing else.",
        "图片只有单一颜色，没有内容。",
        "See whether the lens is covered or fogged.",
        "请检查镜头是否被遮挡或起雾。",
    ),
}
