"""Checks the relative links and anchors of all Markdown files of the repository: Tools/check_links.py [FILE ...].

Prints each link whose file or heading does not exist, and each page below docs/ that no other page links to; exits with
1 if there is any. Links in code and addresses with a scheme are left out.
"""

import re
import subprocess
import sys
import unicodedata
from pathlib import Path
from urllib.parse import unquote

ROOT = Path(__file__).resolve().parents[1]
FENCE = re.compile(r"^( *)(```|~~~).*?^\1\2[`~]* *$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"!?\[(?:[^\[\]]|\[[^\]]*\])*\]\(\s*<?([^()\s>]*(?:\([^()]*\)[^()\s>]*)*)>?(?:\s+\"[^\"]*\")?\s*\)")
REFERENCE = re.compile(r"^ {0,3}\[[^\]]+\]:\s*<?(\S+?)>?(?:\s|$)", re.MULTILINE)
HEADING = re.compile(r"^ {0,3}#{1,6}\s+(.*?)\s*#*\s*$", re.MULTILINE)


def without_fences(text):
    """The text with fenced code emptied, line numbers kept."""
    return FENCE.sub(lambda code: "\n" * code.group().count("\n"), text)


def anchors(text):
    """The anchors that GitHub makes of the headings."""
    found, counts = set(), {}
    for heading in HEADING.findall(without_fences(text)):
        words = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").lower()
        kept = "".join(
            character for character in words if character in " -_" or unicodedata.category(character)[0] in "LNM")
        name = kept.replace(" ", "-")
        number = counts.get(name, 0)
        counts[name] = number + 1
        found.add(name if number == 0 else f"{name}-{number}")
    return found | set(re.findall(r"<a (?:id|name)=\"([^\"]+)\"", text))


def links(text):
    """Each target with the number of its line."""
    prose = re.sub(r"`[^`\n]*`", lambda code: " " * len(code.group()), without_fences(text))
    for pattern in (LINK, REFERENCE):
        for match in pattern.finditer(prose):
            yield prose.count("\n", 0, match.start()) + 1, match.group(1)


def problem(page, target):
    """What is wrong with a link of a page, or nothing; and the file that it leads to."""
    path, _, anchor = target.partition("#")
    file = (page.parent / unquote(path)).resolve() if path else page
    if not file.is_relative_to(ROOT):
        return "leaves the repository", None
    if not file.exists():
        return "no such file", None
    if anchor and file.suffix == ".md" and unquote(anchor) not in anchors(file.read_text(encoding="utf-8")):
        return f"{file.relative_to(ROOT)} has no heading #{anchor}", file
    return None, file


def main():
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", "*.md"],
        cwd=ROOT, capture_output=True, text=True, check=True).stdout
    pages = [ROOT / name for name in listed.split("\0") if name and (ROOT / name).exists()]
    # DocC has links of its own, which `make docs` checks.
    pages = [page for page in pages if not any(parent.suffix == ".docc" for parent in page.parents)]
    chosen = [Path(name).resolve() for name in sys.argv[1:]] or pages
    problems, reached = [], set()
    for page in chosen:
        for line, target in links(page.read_text(encoding="utf-8")):
            if re.match(r"[a-zA-Z][a-zA-Z0-9+.-]*:", target):
                continue
            fault, file = problem(page, target)
            if file and file != page:
                reached.add(file)
            if fault:
                problems.append(f"{page.relative_to(ROOT)}:{line}: {target}: {fault}")
    if chosen == pages:
        problems += [
            f"{page.relative_to(ROOT)}: no page links to it"
            for page in pages if page.is_relative_to(ROOT / "docs") and page not in reached and page.name != "index.md"]
    for line in sorted(problems):
        print(f"links: {line}", file=sys.stderr)
    sys.exit(1 if problems else 0)


main()
