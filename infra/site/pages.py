#!/usr/bin/env python3
"""pages.py FROM TO: copies the pages of FROM to TO, with the table of contents that mdBook needs, `SUMMARY.md`.

The order is that of the links in README.md; the README.md of a folder stands over the pages that it links to. A page that
nothing links to is an error.
"""
import re
import shutil
import sys
from pathlib import Path

LINK = re.compile(r"\[[^\]]*\]\(([^)#:]+\.md)\)")


def title(page):
    return next(line[2:] for line in page.read_text().splitlines() if line.startswith("# "))


def entries(index, root, seen, depth=0):
    """The lines of the pages that `index` links to, each page once, under the heading where it stands."""
    for line in index.read_text().splitlines():
        if line.startswith("## ") and depth == 0:
            yield f"\n# {line[3:]}\n"
        for target in LINK.findall(line):
            page = (index.parent / target).resolve()
            if page in seen or root not in page.parents or not page.exists():
                continue
            seen.add(page)
            yield f"{'  ' * depth}- [{title(page)}]({page.relative_to(root)})"
            if page.name == "README.md":
                yield from entries(page, root, seen, depth + 1)


def main():
    root, place = Path(sys.argv[1]).resolve(), Path(sys.argv[2])
    shutil.rmtree(place, ignore_errors=True)
    index = root / "README.md"
    seen = {index}
    lines = ["# Summary", "", f"[{title(index)}](README.md)", *entries(index, root, seen)]
    lost = sorted(str(page.relative_to(root)) for page in set(root.rglob("*.md")) - seen)
    if lost:
        sys.exit(f"no table of docs/README.md links to {', '.join(lost)}")
    shutil.copytree(root, place)
    for page in place.rglob("*.md"):
        # mdBook makes index.html of a README.md, and leaves links to it as they are.
        page.write_text(re.sub(r"README\.md(?=[)#])", "index.md", page.read_text()))
    (place / "SUMMARY.md").write_text("\n".join(lines) + "\n")


main()
