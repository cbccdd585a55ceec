#include "dialects/brevitas/other_parts.h"

#include "base/text.h"

#include <algorithm>

#include <fmt/format.h>

namespace quantscope {

namespace {

enum class PartValues { NotCompared, Same, Other };

std::string noteText(const ModelFile &file, const ModelPart &part, PartValues values)
{
    const std::string name = printable(part.name);
    const std::size_t count = tensorsOf(file, part).size();
    const std::string holds = !haveSameLayers(file, *file.shown(), part)
        ? fmt::format("{} tensor{} of other layers", grouped(count), count == 1 ? "" : "s")
        : fmt::format("the same layers{}",
            values == PartValues::Other      ? " with other values"
                : values == PartValues::Same ? " with the same values"
                                             : "");
    return fmt::format("{} holds {} and is not shown: --part {} takes it", name, holds, name);
}

std::vector<const ModelPart *> otherParts(const ModelFile &file)
{
    std::vector<const ModelPart *> out;
    for (const ModelPart &part : file.parts)
        if (part.weights && file.shown() != nullptr && &part != file.shown())
            out.push_back(&part);
    return out;
}

bool isSameView(const TensorInfo &a, const TensorInfo &b)
{
    return a.storage.id != 0 && a.storage.id == b.storage.id && a.firstElement == b.firstElement
        && a.strides == b.strides;
}

/// Throws ParseError, CancelledError.
bool haveSameElements(const TensorInfo &a, const TensorInfo &b, const Progress &progress)
{
    constexpr std::uint64_t kPiece = 1ull << 16;
    if (a.dtype != b.dtype || a.shape != b.shape)
        return false;
    if (isSameView(a, b))
        return true;
    TensorReader one(a), other(b);
    std::vector<std::uint64_t> left, right;
    for (std::uint64_t at = 0; at < a.count(); at += kPiece) {
        progress.step(at, a.count());
        left.resize(std::min(kPiece, a.count() - at));
        right.resize(left.size());
        one.patterns(at, left);
        other.patterns(at, right);
        if (left != right)
            return false;
    }
    return true;
}

/// Throws CancelledError.
PartValues compareValues(const ModelFile &file, const ModelPart &part, const Progress &progress)
{
    const auto mine = tensorsOf(file, *file.shown()), theirs = tensorsOf(file, part);
    PartValues out = PartValues::NotCompared;
    for (const auto &[name, index] : mine) {
        const auto found = theirs.find(name);
        const TensorInfo &a = file.tensors[index];
        if (found == theirs.end() || !a.readable() || !file.tensors[found->second].readable())
            continue;
        try {
            if (!haveSameElements(a, file.tensors[found->second], progress))
                return PartValues::Other;
            out = PartValues::Same;
        } catch (const ParseError &) {
            continue; // the analysis of that tensor says so
        }
    }
    return out;
}

} // namespace

void noteOtherParts(Network &network)
{
    for (const ModelPart *part : otherParts(*network.file))
        network.diagnostics.push_back(
            {"not-shown", Severity::Note, "", noteText(*network.file, *part, PartValues::NotCompared)});
}

void compareOtherParts(Network &network, const Network *previous, const Progress &progress)
{
    const ModelFile &file = *network.file;
    const auto said = [&](const Network &of, const std::string &text) {
        return std::ranges::any_of(of.diagnostics, [&](const Diagnostic &d) { return d.text == text; });
    };
    for (const ModelPart *part : otherParts(file)) {
        PartValues values = PartValues::NotCompared;
        for (const PartValues before : {PartValues::Same, PartValues::Other})
            if (previous != nullptr && previous->file == network.file && said(*previous, noteText(file, *part, before)))
                values = before;
        if (values == PartValues::NotCompared && haveSameLayers(file, *file.shown(), *part))
            values = compareValues(file, *part, progress);
        const std::string listed = noteText(file, *part, PartValues::NotCompared);
        for (Diagnostic &d : network.diagnostics)
            if (d.rule == "not-shown" && d.text == listed)
                d.text = noteText(file, *part, values);
    }
}

} // namespace quantscope
