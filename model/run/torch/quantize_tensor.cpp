#include "run/torch/quantize_tensor.h"

#include "base/parallel.h"
#include "quant/code_reader.h"
#include "run/torch/lane_values.h"

#include <algorithm>
#include <cstring>

#include <ATen/ops/empty.h>
#include <fmt/format.h>

namespace quantscope {

namespace {

/// Elements that are read, rounded and written while they stay in the nearest cache.
constexpr std::size_t kTile = 4096;
/// Elements below which another thread costs more than it does.
constexpr std::size_t kBlock = 1 << 15;

/// The memory of a tensor, which it keeps.
class TensorSource final : public ByteSource {
public:
    explicit TensorSource(at::Tensor tensor)
        : m_tensor(std::move(tensor))
        , m_bytes(static_cast<std::uint64_t>(m_tensor.numel()) * sizeof(float))
    {
    }
    std::uint64_t size() const override { return m_bytes; }
    void read(std::uint64_t offset, std::span<std::byte> out) const override
    {
        if (offset > m_bytes || out.size() > m_bytes - offset)
            throw ParseError("a tensor ends before what is read of it");
        if (!out.empty())
            std::memcpy(out.data(), static_cast<const std::byte *>(m_tensor.data_ptr()) + offset, out.size());
    }

private:
    at::Tensor m_tensor;
    std::uint64_t m_bytes;
};

std::optional<Granular> alongAxis(std::optional<Granular> granular, std::size_t rank)
{
    if (!granular || granular->values.size() == 1 || !granular->axis)
        return granular;
    if (*granular->axis < 0)
        granular->axis = *granular->axis + static_cast<int>(rank);
    else if (granular->shape.size() > 1 && granular->shape.size() < rank) // shapes are matched from the last axis on
        granular->axis = *granular->axis + static_cast<int>(rank - granular->shape.size());
    return granular;
}

/// A float32 tensor as the slot of a quantizer.
SlotQuantizer slotOf(const at::Tensor &x, const Quantizer &quantizer)
{
    SlotQuantizer out;
    auto info = std::make_shared<TensorInfo>();
    info->dtype = DType::Float32;
    info->shape.assign(x.sizes().begin(), x.sizes().end());
    info->storage.bytes = static_cast<std::uint64_t>(x.numel()) * sizeof(float);
    info->storage.source = std::make_shared<TensorSource>(x);
    out.shape = info->shape;
    out.tensor = std::move(info);
    out.quantizer = quantizer;
    for (auto *part :
        {&out.quantizer->scale, &out.quantizer->zeroPoint, &out.quantizer->divisor, &out.quantizer->shift})
        *part = alongAxis(std::move(*part), out.shape.size());
    return out;
}

/// Runs `work(reader, begin, tile)` over all elements, on several threads; each block has a reader of its own.
template <class Work> void forEachTile(const SlotQuantizer &slot, std::span<float> out, const Work &work)
{
    const auto block = [&](std::size_t index) {
        const std::size_t first = index * kBlock, end = std::min(first + kBlock, out.size());
        CodeReader reader(slot);
        for (std::size_t at = first; at < end; at += kTile)
            work(reader, at, out.subspan(at, std::min(kTile, end - at)));
    };
    parallelFor((out.size() + kBlock - 1) / kBlock, block);
}

at::Tensor flowingFloats(const at::Tensor &x)
{
    if (x.is_quantized() || x.is_complex())
        throw ParseError(fmt::format("it quantizes a tensor of type {}", c10::toString(x.scalar_type())));
    return x.to(at::kFloat).contiguous();
}

std::span<float> elementsOf(const at::Tensor &out)
{
    return {out.data_ptr<float>(), static_cast<std::size_t>(out.numel())};
}

/// Pieces that lie behind each other would have other scales than each by itself.
bool differsAlongFirst(const Quantizer &quantizer, std::int64_t rank)
{
    const auto differs = [&](const std::optional<Granular> &part) {
        if (!part || part->values.size() == 1)
            return false;
        const auto along = alongAxis(part, static_cast<std::size_t>(rank));
        return !along->axis || *along->axis <= 0;
    };
    return quantizer.blockSize || differs(quantizer.scale) || differs(quantizer.zeroPoint) || differs(quantizer.divisor)
        || differs(quantizer.shift);
}

template <class Work> at::Tensor overTiles(const SlotQuantizer &slot, const Work &work)
{
    at::Tensor out = at::empty(slot.shape, at::TensorOptions(at::kFloat));
    forEachTile(slot, elementsOf(out), work);
    return out;
}

} // namespace

bool quantizesNumbers(const Quantizer &quantizer)
{
    return quantizer.isComplete() && quantizer.rule != CodeRule::Stored && quantizer.rule != CodeRule::BitPattern;
}

at::Tensor quantizedValues(const at::Tensor &x, const Quantizer &quantizer)
{
    const at::Tensor floats = flowingFloats(x);
    const at::Tensor out = overTiles(slotOf(floats, quantizer),
        [](CodeReader &reader, std::uint64_t begin, std::span<float> tile) { reader.values(begin, tile); });
    return at::isFloatingType(x.scalar_type()) ? out.to(x.scalar_type()) : out;
}

std::vector<at::Tensor> quantizedPieces(const std::vector<at::Tensor> &pieces, const Quantizer &quantizer)
{
    const auto joined = differsAlongFirst(quantizer, pieces.front().dim()) ? std::nullopt : joinedPieces(pieces);
    if (joined && pieces.size() > 1)
        return splitPieces(quantizedValues(*joined, quantizer), pieces.size());
    std::vector<at::Tensor> out;
    for (const at::Tensor &piece : pieces)
        out.push_back(quantizedValues(piece, quantizer));
    return out;
}

at::Tensor quantizedCodes(const at::Tensor &x, const Quantizer &quantizer)
{
    return overTiles(slotOf(flowingFloats(x), quantizer),
        [](CodeReader &reader, std::uint64_t begin, std::span<float> tile) { reader.codes(begin, tile); });
}

at::Tensor dequantizedValues(const at::Tensor &codes, const Quantizer &quantizer)
{
    return overTiles(
        slotOf(flowingFloats(codes), quantizer), [](CodeReader &reader, std::uint64_t begin, std::span<float> tile) {
            reader.floats(begin, tile);
            reader.valuesFromCodes(begin, tile, tile);
        });
}

std::optional<at::Tensor> floatsIn(const c10::IValue &value, const Quantizer *quantizer)
{
    if (!value.isTensor())
        return std::nullopt;
    const at::Tensor tensor = value.toTensor();
    if (tensor.scalar_type() == at::kFloat && tensor.is_contiguous())
        return tensor;
    if (tensor.is_quantized())
        return tensor.dequantize().contiguous();
    if (at::isIntegralType(tensor.scalar_type(), false) && quantizer != nullptr)
        return dequantizedValues(tensor, *quantizer);
    return at::isFloatingType(tensor.scalar_type()) ? std::optional(tensor.to(at::kFloat).contiguous()) : std::nullopt;
}

at::Tensor slotValues(const SlotQuantizer &slot)
{
    SlotQuantizer shaped = slot;
    shaped.shape = slot.tensor->shape;
    if (shaped.quantizer)
        return overTiles(
            shaped, [](CodeReader &reader, std::uint64_t begin, std::span<float> tile) { reader.values(begin, tile); });
    at::Tensor out = at::empty(shaped.shape, at::TensorOptions(at::kFloat));
    TensorReader reader(*slot.tensor);
    reader.floats(0, elementsOf(out));
    return out;
}

} // namespace quantscope
