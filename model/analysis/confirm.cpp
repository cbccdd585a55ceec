#include "analysis/confirm.h"

#include "base/text.h"
#include "quant/codes.h"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

namespace quantscope {

namespace {

constexpr std::uint64_t kChunk = 1ull << 16;

bool comparable(const SlotQuantizer *slot)
{
    return slot != nullptr && slot->tensor && slot->tensor->readable() && slot->quantizer
        && slot->quantizer->isComplete();
}

/// "[3, 0, 1, 2]".
std::string indexText(std::uint64_t flat, const Shape &shape)
{
    std::vector<std::uint64_t> index(shape.size());
    for (std::size_t axis = shape.size(); axis-- > 0;) {
        const auto size = static_cast<std::uint64_t>(std::max<std::int64_t>(shape[axis], 1));
        index[axis] = flat % size;
        flat /= size;
    }
    return fmt::format("[{}]", fmt::join(index, ", "));
}

/// An export may keep a linear weight transposed, or flattened: then shapes differ and elements cannot be paired.
std::string firstDifference(
    const std::string &layer, const SlotQuantizer &mine, const SlotQuantizer &theirs, const Progress &progress)
{
    const auto &a = mine.quantizer->scale->values, &b = theirs.quantizer->scale->values;
    for (std::size_t i = 0; i < std::max(a.size(), b.size()); ++i) {
        const float left = a.size() == 1 ? a[0] : a[std::min(i, a.size() - 1)],
                    right = b.size() == 1 ? b[0] : b[std::min(i, b.size() - 1)];
        if (left != right && !(left != left && right != right))
            return fmt::format(
                "{} {}: scale {} is {} here and {} there", layer, mine.slot, i, shortest(left), shortest(right));
    }
    CodeReader here(mine), there(theirs);
    std::vector<std::int64_t> x, y;
    for (std::uint64_t at = 0; at < here.count(); at += kChunk) {
        x.resize(std::min(kChunk, here.count() - at));
        y.resize(x.size());
        here.integers(at, x);
        there.integers(at, y);
        const auto [left, right] = std::mismatch(x.begin(), x.end(), y.begin());
        if (left != x.end())
            return fmt::format("{} {}{}: code {} here and {} there", layer, mine.slot,
                indexText(at + static_cast<std::uint64_t>(left - x.begin()), mine.shape), *left, *right);
        progress.step(at + x.size(), here.count());
    }
    return {};
}

} // namespace

Result<Confirmation> confirmByExport(const Network &checkpoint, const Network &exported, const Progress &progress)
{
    Confirmation out;
    const std::string &path = exported.file->path;
    out.exportFile = path.substr(path.find_last_of('/') + 1);
    try {
        for (const Layer &layer : checkpoint.layers) {
            const Layer *other = exported.layer(layer.name);
            for (const SlotQuantizer &slot : layer.slots) {
                const SlotQuantizer *theirs = other == nullptr ? nullptr : other->slot(slot.slot);
                if (!comparable(&slot) || !comparable(theirs) || slot.shape != theirs->shape)
                    continue;
                ++out.compared;
                out.elements += slot.tensor->count();
                out.difference = firstDifference(layer.name, slot, *theirs, progress);
                if (!out.difference.empty())
                    return out;
            }
        }
    } catch (const ParseError &error) {
        return tl::unexpected(Error{ErrorKind::Parse, path, error.offset(), error.what()});
    } catch (const CancelledError &) {
        return tl::unexpected(Error{ErrorKind::Cancelled, path, std::nullopt, "was cancelled"});
    }
    return out;
}

std::vector<std::string> exportsBeside(const std::string &modelPath)
{
    const std::filesystem::path model(modelPath);
    const std::string stem = model.stem().string();
    std::vector<std::string> out;
    std::error_code failed;
    for (std::filesystem::directory_iterator
             at(model.has_parent_path() ? model.parent_path() : std::filesystem::path("."), failed),
         end;
         !failed && at != end; at.increment(failed)) {
        const std::string name = at->path().filename().string();
        const bool separated = name.size() > stem.size()
            && (name[stem.size()] == '.' || name[stem.size()] == '_' || name[stem.size()] == '-');
        if (name.starts_with(stem) && separated && at->path().extension() == ".onnx")
            out.push_back(at->path().string());
    }
    std::sort(out.begin(), out.end());
    return out;
}

} // namespace quantscope
