# SPDX-License-Identifier: Apache-2.0
"""Names made up anew: packages, classes and stems of threads or files, put in place of those of a program's source,
so that no rule can know them."""

import re

NOUNS = """amber anchor apron atlas badge barge basin beacon birch bishop bonnet border bramble branch bridle bugle cabin canvas
carbon castle cellar chapel cherry cinder circle clover cobalt copper corner cotton cradle crystal curtain dahlia dragon eagle
ember falcon feather fennel ferry fiddle filter forest fossil garden garnet ginger goblet granite hammer harbor hazel heron
hollow island ivory jasper juniper kettle ladder lagoon lantern laurel ledger lemon linen magnet maple marble meadow mirror
nectar nickel oasis olive orchid otter paddle pebble pepper pillar planet plaza poplar quarry rabbit raven ribbon rocket saddle
saffron salmon sandal shadow silver spruce staple summit sunset talon tartan temple thistle timber tunnel turnip velvet violet
walnut willow window zephyr""".split()


def made_up(name, random, taken):
    """A name of the same form: `Order` a class, `order` a package, `order-line` a stem."""
    while True:
        first, second = random.sample(NOUNS, 2)
        if name[0].isupper():
            new = first.capitalize() + second.capitalize()
        else:
            new = f"{first}-{second}" if "-" in name else first + second
        if new not in taken:
            taken.add(new)
            return new


def renamer(names, random, taken):
    """A function that puts made-up names, none of those `taken`, in the place of `names` in a text."""
    new = {name: made_up(name, random, taken) for name in names}
    if not new:
        return lambda text: text
    longest = sorted(map(re.escape, new), key=len, reverse=True)
    pattern = re.compile(rf"(?<![A-Za-z0-9])({'|'.join(longest)})(?![A-Za-z0-9])")
    return lambda text: pattern.sub(lambda found: new[found.group()], text)


def declared(sources):
    """Packages and classes that Java sources declare; of a program whose author names none."""
    text = "\n".join(sources)
    packages = {part for name in re.findall(r"^package ([\w.]+);", text, re.M) for part in name.split(".")}
    classes = set(re.findall(r"^\s*(?:(?:public|private|protected|static|final|abstract)\s+)*(?:class|interface|enum) (\w+)", text, re.M))
    return sorted(packages | classes)
