"""Programs in C made from the header: a library of empty functions, and what was once promised, as assertions.

A Swift library carries no C types, so a tool that compares libraries sees a widened member only in the shadow: a
library with the same functions, compiled from the header with debug information.
"""

from __future__ import annotations

from .model import Constant, Function, Interface, Structure

#: These change with every release, which is what they are for.
MOVING = ("CONCLAVE_VERSION_", "CONCLAVE_ABI_DATE")


def definition(function: Function) -> str:
    result = function.result.declaration("")
    body = "" if result == "void" else "return 0;"
    return function.declaration().rstrip(";") + " { " + body + " }"


def stands_still(constant: Constant) -> bool:
    return not constant.name.startswith(MOVING)


#: What enumerations were called before a new constant of another form made their common prefix shorter.
SHORTENED = {"CONCLAVE_KEYS_": "CONCLAVE_KEYS_FROM_"}


def carriers(interface: Interface) -> list[tuple[str, list[Constant]]]:
    """A name for each set of constants that the shadow carries as an enumeration of its own."""
    prefixes = [(SHORTENED.get(each.prefix, each.prefix), each) for each in interface.enumerations]
    named = [(f"constants_of_{prefix}".rstrip("_"), list(each.constants)) for prefix, each in prefixes]
    return [*named, ("constants_of_macros", [macro for macro in interface.macros if stands_still(macro)])]


def library(interface: Interface, with_constants: bool = True) -> str:
    """The shadow. The header's enumerations have no names, so no function could carry them: here they get some."""
    lines = ["#include <conclave.h>", ""]
    lines += [definition(function) for function in interface.functions]
    for name, constants in carriers(interface) if with_constants else []:
        members = ", ".join(f"shadow_{constant.name} = {constant.name}" for constant in constants)
        lines += [f"enum {name} {{ {members} }};", f"void {name}(enum {name} value) {{ }}"]
    return "\n".join(lines) + "\n"


def version_script(interface: Interface, with_constants: bool = True) -> str:
    names = [function.name for function in interface.functions]
    names += [name for name, _ in carriers(interface)] if with_constants else []
    return "CONCLAVE_0 {\n  global:\n" + "".join(f"    {name};\n" for name in names) + "  local: *;\n};\n"


#: Structures that begin with their size may grow at the end, and only there.
def suppressions(interface: Interface) -> str:
    return "\n".join(
        f"[suppress_type]\n  name = {structure.name}\n  has_data_member_inserted_at = end\n"
        for structure in interface.structures
        if structure.is_sized
    )


ASSERTIONS_HEAD = """\
/* What programs out there were compiled with: every function, type and constant of conclave.h as it was when it was
 * last accepted. Written by scripts/check-abi --accept; a line that no longer compiles is a promise broken.
 * Sizes and offsets are those of 64-bit Linux. */
/* clang-format off */
#include <conclave.h>

#define HOLDS(name, condition) typedef char name[(condition) ? 1 : -1]
#define MEMBER(structure, member, offset, size) \\
    HOLDS(structure##_##member, offsetof(structure, member) == (offset) && sizeof(((structure *)0)->member) == (size))

"""


def assertions(interface: Interface, layouts: dict[str, dict[str, tuple[int, int]]]) -> str:
    """One file in C99 and C++ at once. `layouts` comes from a compiler: of each structure the offset and size of each
    member, and of the whole under the name ""."""
    lines = ["/* Constants. */"]
    constants = [constant for each in interface.enumerations for constant in each.constants]
    constants += [macro for macro in interface.macros if stands_still(macro)]
    lines += [f"HOLDS(value_of_{each.name}, {each.name} == {each.text});" for each in constants]
    lines += ["", "/* Structures: those that begin with their size may have grown since. */"]
    for structure in interface.structures:
        lines += structure_assertions(structure, layouts[structure.name])
    lines += ["", "/* Types, and the initializers of structures. */"]
    lines += [f"{handle.name} *some_{handle.name};" for handle in interface.handles]
    lines += [f"HOLDS(size_of_{each.name}, sizeof({each.name}) == sizeof({each.base}));" for each in interface.aliases]
    for initializer in interface.initializers:
        name = initializer.name.removesuffix("_INIT").lower()
        lines.append(f"{name} {name}_initialized = {initializer.name};")
    for callback in interface.callbacks:
        declaration = callback.declaration().removeprefix("typedef ").rstrip(";")
        lines += [f"extern {declaration.replace(f'(*{callback.name})', f'(*some_{callback.name})')};"]
        lines += [f"extern {callback.name} some_{callback.name};"]
    lines += ["", "/* Functions. */"]
    for function in interface.functions:
        declaration = function.declaration().rstrip(";").replace(f"{function.name}(", f"(*use_{function.name})(", 1)
        lines.append(f"{declaration} = {function.name};")
    return ASSERTIONS_HEAD + "\n".join(wrapped(line) for line in lines) + "\n\nint main(void) { return 0; }\n"


def structure_assertions(structure: Structure, layout: dict[str, tuple[int, int]]) -> list[str]:
    alignment, size = layout[""]
    name, comparison = structure.name, ">=" if structure.is_sized else "=="
    lines = [f"HOLDS(size_of_{name}, sizeof({name}) {comparison} {size} && sizeof({name}) % {alignment} == 0);"]
    for member in structure.members:
        offset, member_size = layout[member.name]
        lines.append(f"MEMBER({name}, {member.name}, {offset}, {member_size});")
    # Members of the same size may still be of another type.
    lines.append(f"void types_of_{name}({name} *it) {{")
    for member in structure.members:
        pointer = f"(*{member.name})" if member.array else f"*{member.name}"
        lines.append(f"    {member.declaration(pointer)} = &it->{member.name};")
    lines += [f"    (void){member.name};" for member in structure.members]
    return [*lines, "}"]


def wrapped(line: str) -> str:
    """Within 120 columns, broken where arguments are separated."""
    if len(line) <= 120:
        return line
    place = line.rfind(", ", 0, 118) + 1
    if place == 0:
        place = line.rfind(" = ", 0, 116) + 2
    return line[:place] + "\n" + wrapped("    " + line[place:].strip())


def layout_program(interface: Interface) -> str:
    """Prints of each structure alignment and size, and of each member offset and size."""
    lines = ["#include <conclave.h>", "#include <stdio.h>", "int main(void) {"]
    for structure in interface.structures:
        name = structure.name
        lines.append(f'printf("{name} . %zu %zu\\n", _Alignof({name}), sizeof({name}));')
        for member in structure.members:
            place = f"offsetof({name}, {member.name}), sizeof((({name} *)0)->{member.name})"
            lines.append(f'printf("{name} {member.name} %zu %zu\\n", {place});')
    return "\n".join([*lines, "}"]) + "\n"
