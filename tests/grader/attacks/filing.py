"""Attacks by the files that a test asks for and reads: links, pipes, floods, paths elsewhere."""

from tests.grader.attacks.attack import Attack, cheat, family
from tests.grader.attacks.protocol import PEER


def saves(name, tries, body, **more):
    """Return an attack whose `save` does `body`."""
    lines = "".join(f"\n    {line}" for line in body.splitlines())
    return Attack(
        name, tries, {"save": f"import os\ndef save(path, values):{lines}"}, loses=("save",), **more
    )


def forges(name, tries, told, **more):
    """Return an attack that claims to have written `told`: pairs of path and size."""
    code = f"""{PEER}
def save(path, values):
    if peer is not None:
        honest = peer.extra_out
        def forge(keep=False):
            peer.put(b"poison" * 10)
            return ["F", {told}]
        peer.extra_out = forge
"""
    return Attack(name, tries, {"save": code}, loses=("save",), **more)


ATTACKS = family(
    "files of the tests",
    saves("link_to_a_secret", "leaves a link to the source notebook where the test reads a file",
          "for target in ('@COURSE@/solutions/vault/vault.ipynb', '@HOME@/.ssh/id_ed25519', '@TMPFILE@'):\n"
          "    os.path.lexists(path) and os.unlink(path)\n    os.symlink(target, path)"),
    saves("folder_that_is_a_link", "replaces the test's folder by a link to the course",
          "folder = os.path.dirname(path)\nos.rename(folder, folder + '-old')\nos.symlink('@COURSE@', folder)"),
    saves("pipe_to_read", "leaves a named pipe where the test reads a file", "os.mkfifo(path)"),
    saves("folder_to_read", "leaves a folder where the test reads a file", "os.mkdir(path)"),
    saves("sparse_file_to_read", "leaves a file of 50 GB without contents",
          "with open(path, 'wb') as file:\n    file.truncate(50 * 2 ** 30)"),
    saves("large_file_to_read", "leaves a file of 60 MB", "with open(path, 'wb') as file:\n    file.write(b'1\\n' * 30_000_000)"),
    saves("many_files_to_copy", "leaves 3,000 files in the test's folder",
          "for n in range(3000):\n    open(f'{os.path.dirname(path)}/{n}', 'w').close()"),
    saves("deep_folders_to_copy", "leaves folders in folders in the test's folder",
          "here = os.path.dirname(path)\nos.makedirs(here + '/d' * 300)"),
    saves("names_to_copy", "leaves files whose names are commands, no text, or very long",
          "here = os.fsencode(os.path.dirname(path))\n"
          "for name in (b'\\xff\\xfe', b'\\x1b[2J', b'$(id)', b'n' * 255, b'-rf', b' ', b'a\\nb'):\n"
          "    open(here + b'/' + name, 'w').close()"),
    saves("file_that_is_not_numbers", "writes text that says it is right",
          "open(path, 'w').write('1\\n2\\n' if len(values) == 2 else 'all right')"),
    cheat("file_object_given_back", "returns open files and paths instead of writing",
          save="def save(path, values):\n    return open(path, 'w+')"),
    forges("forged_path_up", "claims to have written a file above the folder", "['../poison-up', 6]", fault="protocol"),
    forges("forged_path_absolute", "claims to have written a file at the root", "['/tmp/poison-absolute', 6]", fault="protocol"),
    forges("forged_path_null", "claims to have written a file whose name ends early", "['poison\\0/../x', 6]", fault="protocol"),
    forges("forged_path_deep", "claims to have written a file in a thousand folders", "['d/' * 1000 + 'x', 6]", fault="protocol"),
    forges("forged_removal", "claims to have removed the folder above", "['..', -2, '.', -2, '', -2]", fault="protocol"),
    forges("forged_sizes", "claims sizes that no file has", "['x', 10 ** 12, 'y', -7, 'z', 1.5]", fault="protocol"),
)  # fmt: skip
