#include "run/torch/lane_values.h"

#include "base/parallel.h"

#include <algorithm>
#include <set>

#include <ATen/core/Tensor.h>
#include <ATen/ops/cat.h>
#include <c10/core/InferenceMode.h>

namespace quantscope {

namespace {

/// at::internal::GRAIN_SIZE.
constexpr std::int64_t kElementsOfOneThread = 32768;

std::uint64_t bytesOf(const c10::IValue &value, std::set<const void *> &seen)
{
    std::uint64_t bytes = 0;
    if (value.isTensor()) {
        const at::Tensor &tensor = value.toTensor();
        if (tensor.defined() && tensor.has_storage() && seen.insert(tensor.storage().unsafeGetStorageImpl()).second)
            bytes = tensor.storage().nbytes();
    } else if (value.isTensorList()) {
        for (const at::Tensor &tensor : value.toTensorVector())
            bytes += bytesOf(tensor, seen);
    } else if (value.isTuple()) {
        for (const c10::IValue &item : value.toTupleRef().elements())
            bytes += bytesOf(item, seen);
    }
    return bytes;
}

} // namespace

std::uint64_t LaneValues::bytes() const
{
    std::set<const void *> seen;
    std::uint64_t out = 0;
    for (const c10::IValue &value : m_values)
        out += bytesOf(value, seen);
    return out;
}

HeldValue heldPieces(const std::vector<at::Tensor> &ofEach)
{
    return std::make_shared<const LaneValues>(std::vector<c10::IValue>(ofEach.begin(), ofEach.end()));
}

std::optional<at::Tensor> joinedPieces(const std::vector<at::Tensor> &pieces)
{
    const at::Tensor &first = pieces.front();
    if (pieces.size() == 1)
        return first;
    const auto fits = [&](const at::Tensor &piece) {
        return piece.dim() > 0 && !piece.is_quantized() && piece.scalar_type() == first.scalar_type()
            && piece.sizes() == first.sizes();
    };
    return std::ranges::all_of(pieces, fits) ? std::optional(at::cat(pieces)) : std::nullopt;
}

std::vector<at::Tensor> splitPieces(const at::Tensor &joined, std::size_t count)
{
    if (count == 1)
        return {joined};
    const std::int64_t each = joined.size(0) / static_cast<std::int64_t>(count);
    std::vector<at::Tensor> out;
    out.reserve(count);
    for (std::size_t i = 0; i < count; ++i)
        out.push_back(joined.narrow(0, static_cast<std::int64_t>(i) * each, each));
    return out;
}

void forEachPiece(std::size_t count, bool areSmall, const std::function<void(std::size_t)> &work)
{
    if (count == 1 || !areSmall) {
        for (std::size_t i = 0; i < count; ++i)
            work(i);
        return;
    }
    parallelFor(count, [&](std::size_t i) {
        const c10::InferenceMode withoutGradients(true); // each thread has its own
        work(i);
    });
}

bool isSmallPiece(const c10::IValue &value)
{
    return !value.isTensor() || !value.toTensor().defined() || value.toTensor().numel() < kElementsOfOneThread;
}

} // namespace quantscope
