"""The names a CEL expression takes from outside."""

import pytest

from rowgate.zed.cel_names import outside_names


@pytest.mark.parametrize(
    ("expression", "names"),
    [
        ("left && !right", "left right"),
        ("user.age > limit.age", "user limit"),
        ("data.?key.orValue(true) && data[?key]", "data key"),
        ("flag ? one : two", "flag one two"),
        ("name.startsWith(prefix) && size(name) > 3u", "name prefix"),
        ("items.all(item, item > 2) && items.exists(other, other in more)", "items more"),
        ("names.map(each, each + suffix) == ['each', \"x\", r'\\']", "names suffix"),
        ("type(value) == int && value in [1.5e3, 0x1F, null, true]", "value int"),
        ('text == """a "quoted" word""" // not a name', "text"),
        ("{'key': value}.key == other", "value other"),
        ("[1, 2].exists(one, one == two)", "two"),
    ],
)
def test_names(expression: str, names: str) -> None:
    assert [name.text for name in outside_names(expression)] == names.split()


def test_the_first_place_counts() -> None:
    assert [name.offset for name in outside_names("a.b + c + a")] == [0, 6]
