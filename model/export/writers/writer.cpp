#include "export/writers/writer.h"

#include "export/proof/header_proof.h"
#include "export/proof/mem_hex_proof.h"
#include "export/writers/fixed_helper.h"
#include "export/writers/header_writer.h"
#include "export/writers/mem_hex_writer.h"

#include <algorithm>

namespace quantscope {

namespace {

constexpr Writer kWriters[] = {
    {.name = "header",
        .extension = ".h",
        .title = "ap, ac, sc and C from one file",
        .filePerLayer = true,
        .words = containerWords,
        .write = writeHeader,
        .prove = proveHeaders,
        .companionName = kFixedHelperName,
        .companionText = fixedHelperText},
    {.name = "mem-hex",
        .extension = ".mem",
        .title = "one hexadecimal word a line, for $readmemh",
        .packs = true,
        .words = packedWords,
        .write = writeMemHex,
        .prove = proveMemHex,
        .companionName = {}},
};

} // namespace

std::span<const Writer> writers() { return kWriters; }

const Writer *findWriter(std::string_view name)
{
    const auto found = std::find_if(
        std::begin(kWriters), std::end(kWriters), [&](const Writer &writer) { return writer.name == name; });
    return found == std::end(kWriters) ? nullptr : &*found;
}

std::vector<std::string> exportFormatNames()
{
    std::vector<std::string> names;
    for (const Writer &writer : kWriters)
        names.emplace_back(writer.name);
    return names;
}

} // namespace quantscope
