"""Points that are no markers on one person's skin, labels that lie, and people who are unusual and right."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from make import exchanged, moved, relabelled, write_points, write_trc
from marker_variants import Change, c3d, trc
from scipy.spatial.transform import Rotation
from tools.cases.verdicts import Limits
from variant import TRUTH, Lab, Variant
from walk import Recorded, bent, record, reversed_in_time, sized, standing_still, turned

from kinesynth.body.proportions import ANKLES, ELBOWS, HIPS, KNEES, SHOULDERS, WRISTS

SIDES = ("R", "L")
LEG_AND_ARM = {"H": HIPS, "K": KNEES, "A": ANKLES, "S": SHOULDERS, "E": ELBOWS, "W": WRISTS}
WORDS = {"H": "Hip", "K": "Knee", "A": "Ankle", "S": "Shoulder", "E": "Elbow", "W": "Wrist"}
CHILD = replace(TRUTH, angle_deg=8.0)  # a child's feet are not a small adult's shape in the body's space
SWAP = r"left|right|swap|exchang|mirror|cross"


def centres(walk: Recorded, label: Callable[[str, str], str], parts: str = "HKA") -> dict[str, np.ndarray]:
    """Return joint centres by labels of one's choice (of side and letter)."""
    joints = walk.joints
    return {
        label(side, part): joints[:, LEG_AND_ARM[part][which]] for part in parts for which, side in enumerate(SIDES)
    }


def _beside(extra: Callable[[Recorded], dict[str, np.ndarray]], file: str = "trc") -> Callable[[Lab, Path], Path]:
    """Return a function that writes the walk and further points."""
    write = write_trc if file == "trc" else write_points
    return lambda lab, folder: write(folder / f"walk.{file}", lab.walk, extra=extra(lab.walk))  # type: ignore[operator]


def _spelled(name: str, label: Callable[[str, str], str], parts: str = "HKA") -> Variant:
    noted = label("R", parts[0])[:4]
    return Variant(
        f"joint centres as {name}", _beside(lambda walk: centres(walk, label, parts)), "delivered", note=noted
    )


def _bones(prefix: str) -> Variant:
    """Return the walk with Plug-in Gait's segments: an origin and three axes 10 cm long or so."""

    def extra(walk: Recorded) -> dict[str, np.ndarray]:
        found = {}
        for name, joint in (
            ("LFE", 1),
            ("RFE", 2),
            ("LTI", 4),
            ("RTI", 5),
            ("LFO", 7),
            ("RFO", 8),
            ("PEL", 0),
            ("TRX", 9),
            ("HED", 15),
        ):
            for axis, shift in (("O", (0, 0, 0)), ("A", (0.1, 0, 0)), ("L", (0, 0, -0.1)), ("P", (0, 0.1, 0))):
                found[f"{prefix}{name}{axis}"] = walk.joints[:, joint] + np.array(shift)
        return {**found, f"{prefix}CentreOfMass": walk.joints[:, 0] + [0.0, 0.05, 0.0]}

    return Variant(
        f"Plug-in Gait's bones, prefix {prefix!r}", _beside(extra, "c3d"), "delivered", note="LFE|bone|computed"
    )


def _still(walk: Recorded, *positions: tuple[float, float, float]) -> list[np.ndarray]:
    return [np.tile(place, (len(walk.markers), 1)) for place in positions]


def _objects(walk: Recorded) -> dict[str, np.ndarray]:
    """Return a box that stands in the volume and a stick that lies there."""
    box = _still(walk, (1.5, 0.4, 1.2), (1.9, 0.4, 1.2), (1.5, 0.4, 1.6), (1.9, 0.4, 1.6))
    stick = _still(walk, (-1.0, 0.02, -1.0), (0.0, 0.02, -1.0))
    return dict(zip(("Box1", "Box2", "Box3", "Box4", "StickA", "StickB"), [*box, *stick], strict=True))


def _second(walk: Recorded, label: Callable[[str], str], aside: float = 1.0) -> dict[str, np.ndarray]:
    """Return another person who walks beside, under labels of one's choice."""
    return {label(name): walk.of(name)[::-1] + np.array([0.3, 0.0, aside]) for name in walk.names}


def _for_some_time(*names: str) -> Change:
    """Return a change that exchanges left and right markers in the trial's second third."""

    def change(walk: Recorded) -> Recorded:
        markers, other = walk.markers.copy(), exchanged(walk, *names)
        markers[28:56] = walk.markers[28:56][:, [other.names.index(name) for name in walk.names]]
        return replace(walk, markers=markers)

    return change


def _swapped(*names: str) -> Variant:
    return Variant(
        f"left and right {' '.join(names)} exchanged",
        trc(lambda walk: exchanged(walk, *names)),
        "refused",
        "|".join(names),
    )


def _person(
    name: str, of: Callable[[Lab], Recorded], expected: str = "delivered", words: str = "", limits: Limits = TRUTH
) -> Variant:
    return Variant(name, lambda lab, folder: write_trc(folder / "walk.trc", of(lab)), expected, words,
                   truth=lambda lab: of(lab).truth, limits=limits)  # fmt: skip


def _crawling(lab: Lab) -> Recorded:
    """On hands and knees, rocking."""
    file = lab.walk.file
    sway = 0.15 * np.sin(np.arange(file.n_frames) / 20.0)
    for joint, angle in ((1, -1.4), (2, -1.4), (4, 1.5), (5, 1.5), (16, 0.0), (17, 0.0)):
        file = bent(file, joint, angle + sway * (-1) ** joint, "x")
    return record(lab.body, turned(file, file.trans, Rotation.from_euler("x", 80.0, degrees=True)))


def _lying(lab: Lab) -> Recorded:
    """On one side, along an axis of the file."""
    still = standing_still(lab.walk.file, lab.walk.file.n_frames)
    return record(lab.body, turned(still, still.trans, Rotation.from_euler("x", 90.0, degrees=True)))


def _cartwheel(lab: Lab) -> Recorded:
    file = lab.walk.file
    file = bent(bent(file, 16, 2.2, "z"), 17, -2.2, "z")
    spin = Rotation.from_rotvec(np.outer(np.linspace(0.0, 2.0 * np.pi, file.n_frames), [1.0, 0.0, 0.0]))
    return record(lab.body, turned(file, file.trans + np.array([0.0, 0.0, 0.1]), spin))


def _crossed(lab: Lab) -> Recorded:
    """Legs that cross for a moment, as a dancer's."""
    file = lab.walk.file
    moment = 0.3 * np.exp(-(((np.arange(file.n_frames) - 80) / 12.0) ** 2))
    return record(lab.body, bent(bent(file, 1, -moment, "z"), 2, moment, "z"))


POINTS = (
    _spelled("LHJC", lambda side, part: f"{side}{part}JC"),
    _spelled("L_HJC_reg", lambda side, part: f"{side}_{part}JC_reg"),
    _spelled("LeftHipCentre", lambda side, part: f"{'Left' if side == 'L' else 'Right'}{WORDS[part]}Centre"),
    _spelled(
        "hip_center_left", lambda side, part: f"{WORDS[part].lower()}_center_{'left' if side == 'L' else 'right'}"
    ),
    _spelled("R.Hip.Joint", lambda side, part: f"{side}.{WORDS[part]}.Joint"),
    _spelled("V_RHip", lambda side, part: f"V_{side}{WORDS[part]}"),
    _spelled("RHipJointCtr", lambda side, part: f"{side}{WORDS[part]}JointCtr"),
    _spelled("of all limbs, JC_RH", lambda side, part: f"JC_{side}{part}", "HKASEW"),
    _spelled("numbers, P1", lambda side, part: f"P{'LR'.index(side)}{part}", "HKA"),
    _bones(""),
    _bones("Subject1:"),
    _bones("Anna_"),
    Variant("a box and a stick", _beside(_objects), "delivered", note="Box1"),
    Variant("a box and a stick in a c3d", _beside(_objects, "c3d"), "delivered", note="Box1"),
    Variant(
        "force plate's corners",
        _beside(
            lambda walk: dict(
                zip(
                    ("FP1A", "FP1B", "FP1C", "FP1D"),
                    _still(walk, (0.0, 0.0, -0.3), (0.6, 0.0, -0.3), (0.0, 0.0, 0.3), (0.6, 0.0, 0.3)),
                    strict=True,
                )
            )
        ),
        "delivered",
        note="FP1",
    ),
    Variant(
        "a second person A: and B:",
        _beside(lambda walk: _second(walk, lambda name: f"B:{name}")),
        "refused",
        "twice|two|people|person",
    ),
    Variant(
        "a second person P2_",
        _beside(lambda walk: _second(walk, lambda name: f"P2_{name}")),
        "either",
        "twice|two|people|person",
        "P2_",
    ),
    Variant(
        "a second person by numbers",
        _beside(lambda walk: _second(walk, lambda name: f"{name}2")),
        "either",
        "two|people|person",
        "2",
    ),
    Variant(
        "angles and moments as points",
        _beside(
            lambda walk: {
                f"{side}{name}": 0.03 * np.cumsum(np.ones_like(walk.joints[:, 0]), axis=0) - 2.0
                for side in "LR"
                for name in ("HipAngles", "KneeMoment", "AnklePower")
            },
            "c3d",
        ),
        "delivered",
        note="Angles",
    ),
    Variant(
        "keypoints of video alone",
        lambda lab, folder: write_trc(
            folder / "walk.trc",
            replace(lab.walk, names=(), markers=lab.walk.markers[:, :0]),
            extra={
                **centres(lab.walk, lambda side, part: f"{side}{WORDS[part]}", "HKASEW"),
                "Neck": lab.walk.joints[:, 12],
                "Head": lab.walk.joints[:, 15],
                "MidHip": lab.walk.joints[:, 0],
                "RBigToe": lab.walk.joints[:, 11],
                "LBigToe": lab.walk.joints[:, 10],
            },
        ),
        "either",
        "joint centre|keypoint|no markers|labels",
        "joint centre|keypoint",
    ),
)

LABELS = (
    *(
        _swapped(*names)
        for names in (("KNE",), ("ANK",), ("HEE", "TOE"), ("ASI",), ("ASI", "PSI"), ("ELB",), ("WRA", "WRB"), ("SHO",))
    ),
    Variant(
        "left and right arms exchanged",
        trc(lambda walk: exchanged(walk, "SHO", "UPA", "ELB", "FRM", "WRA", "WRB", "FIN")),
        "refused",
        SWAP,
    ),
    Variant(
        "left and right legs exchanged",
        trc(lambda walk: exchanged(walk, "THI", "KNE", "TIB", "ANK", "HEE", "TOE")),
        "refused",
        SWAP,
    ),
    Variant(
        "left and right exchanged",
        trc(lambda walk: exchanged(walk, *(name[1:] for name in walk.names if name[0] == "L"))),
        "refused",
        SWAP,
    ),
    Variant("knees exchanged for some time", trc(_for_some_time("KNE")), "either", "KNE", "KNE"),
    Variant(
        "shanks exchanged for some time",
        trc(_for_some_time("KNE", "TIB", "ANK", "HEE", "TOE")),
        "either",
        "KNE|TIB|ANK|HEE|TOE",
        "KNE|TIB|ANK|HEE|TOE",
    ),
    Variant(
        "a knee and an elbow exchanged",
        trc(lambda walk: relabelled(walk, {"RKNE": "RELB", "RELB": "RKNE"})),
        "refused",
        "RKNE|RELB",
    ),
    Variant(
        "heel and toe exchanged",
        trc(lambda walk: relabelled(walk, {"RHEE": "RTOE", "RTOE": "RHEE"})),
        "refused",
        "RHEE|RTOE",
    ),
    Variant("a label twice", trc(lambda walk: relabelled(walk, {"LTHI": "LKNE"})), "refused", "LKNE"),
    Variant(
        "a mirrored world", trc(lambda walk: replace(walk, markers=walk.markers * [1.0, 1.0, -1.0])), "refused", SWAP
    ),
    Variant(
        "a mirrored world, ahead and back",
        trc(lambda walk: replace(walk, markers=walk.markers * [-1.0, 1.0, 1.0])),
        "refused",
        SWAP,
    ),
    Variant(
        "a marker on another's place",
        trc(lambda walk: moved(walk, RKNE=0.99 * walk.of("RANK") + 0.01 * walk.of("RKNE"))),
        "refused",
        "RKNE|RANK",
    ),
    *(
        Variant(
            f"labels of Vicon, prefix {prefix!r}",
            trc(lambda walk, prefix=prefix: relabelled(walk, {name: prefix + name for name in walk.names})),
            "delivered",
        )
        for prefix in ("Anna:", "Session 3:Anna:")
    ),
    *(
        Variant(
            f"labels, prefix {prefix!r}",
            trc(lambda walk, prefix=prefix: relabelled(walk, {name: prefix + name for name in walk.names})),
            "either",
            "labels",
        )
        for prefix in ("P07_", "trial.", "MK-", "Sub 1 ")
    ),
    Variant(
        "labels in small letters",
        trc(lambda walk: relabelled(walk, {name: name.lower() for name in walk.names})),
        "delivered",
    ),
    Variant(
        "labels of the other side last",
        trc(lambda walk: relabelled(walk, {name: f"{name[1:]}_{name[0]}" for name in walk.names if name[0] in "LR"})),
        "either",
        "labels",
    ),
    Variant("axes turned", c3d(lambda walk: replace(walk, markers=walk.markers[..., [2, 0, 1]])), "delivered"),
    Variant("upside down", trc(lambda walk: replace(walk, markers=walk.markers * [1.0, -1.0, -1.0])), "delivered"),
    Variant(
        "far from the origin",
        trc(lambda walk: replace(walk, markers=walk.markers + np.array([12.0, -3.0, 40.0]))),
        "delivered",
    ),
)

PEOPLE = (
    _person("a child of 1.4 m", lambda lab: sized(lab.walk, 0.84), limits=CHILD),
    _person("a child of 1.3 m", lambda lab: sized(lab.walk, 0.78), "either", "scaled", CHILD),
    _person("a man of 2.05 m", lambda lab: lab.person("walking", 2.8)),
    *(
        _person(action, lambda lab, action=action: lab.person(action))
        for action in ("running_in_place", "vertical_jump", "squat", "sit_down", "reaching", "kicking", "waving")
    ),
    _person("walking backwards", lambda lab: record(lab.body, reversed_in_time(lab.walk.file))),
    _person("legs crossed for a moment", _crossed),
    _person("crawling", _crawling, "either", "up axis"),
    Variant(
        "lying along an axis",
        lambda lab, folder: write_trc(folder / "walk.trc", _lying(lab)),
        "told",
        "up axis",
        "up axis",
    ),
    _person("a cartwheel", _cartwheel, "either", "up axis"),
)
VARIANTS = (*POINTS, *LABELS, *PEOPLE)
