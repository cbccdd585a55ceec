#include "open/value_evidence.h"

#include "quant/code_reader.h"
#include "tensor/channels.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace quantscope {

namespace {

constexpr std::uint64_t kWhole = 2048, kRuns = 32, kRunLength = 32;
constexpr std::size_t kFewest = 16; ///< of these the floats of any tensor may fit by chance

struct Run {
    std::uint64_t begin = 0, length = 0;
};

std::vector<Run> runsOf(std::uint64_t count)
{
    if (count <= kWhole)
        return {{0, count}};
    std::vector<Run> runs;
    for (std::uint64_t i = 0; i < kRuns; ++i)
        runs.push_back({count / kRuns * i, kRunLength});
    return runs;
}

/// `read` fills the values of one run.
ElementSample sampled(std::uint64_t count, auto read)
{
    ElementSample out;
    for (const Run &run : runsOf(count)) {
        const std::size_t at = out.values.size();
        out.values.resize(at + run.length);
        for (std::uint64_t i = 0; i < run.length; ++i)
            out.places.push_back(run.begin + i);
        read(run.begin, std::span(out.values).subspan(at));
    }
    return out;
}

/// Sums of products of two samples.
struct Products {
    double ww = 0, vv = 0, wv = 0;
    std::size_t count = 0;

    void add(float w, float v)
    {
        ww += static_cast<double>(w) * static_cast<double>(w);
        vv += static_cast<double>(v) * static_cast<double>(v);
        wv += static_cast<double>(w) * static_cast<double>(v);
        ++count;
    }
    double cosine() const { return ww > 0 && vv > 0 ? wv / std::sqrt(ww * vv) : 0; }
};

/// What the largest distance between floats and values is, in steps; infinite where one is beyond the ends.
float widestStep(const ElementSample &floats, const ElementSample &theirs)
{
    float widest = 0;
    for (std::size_t i = 0; i < floats.values.size(); ++i) {
        const float w = floats.values[i], v = theirs.values[i];
        const bool clamped = !theirs.steps.empty() && ((theirs.highest[i] && w > v) || (theirs.lowest[i] && w < v));
        if (w == v || clamped)
            continue;
        if (theirs.steps.empty() || std::isnan(w) || std::isnan(v))
            return HUGE_VALF;
        widest = std::max(widest, std::fabs(w - v) / theirs.steps[i]);
    }
    return widest;
}

/// Every channel by itself; a batch norm scales each by a factor of its own, which may be negative.
bool alikeByChannel(const ElementSample &floats, const ElementSample &theirs, const Shape &shape, int channelAxis)
{
    constexpr std::size_t kFewestOfChannel = 4;
    if (channelAxis < 0)
        return false;
    const Channels channels(shape, static_cast<std::size_t>(channelAxis));
    std::map<std::uint64_t, Products> byChannel;
    for (std::size_t i = 0; i < floats.values.size(); ++i)
        byChannel[channels.channel(floats.places[i])].add(floats.values[i], theirs.values[i]);
    double alike = 0;
    std::size_t elements = 0;
    for (const auto &[channel, products] : byChannel)
        if (products.count >= kFewestOfChannel && products.ww > 0 && products.vv > 0) {
            alike += products.cosine() * products.cosine() * static_cast<double>(products.count);
            elements += products.count;
        }
    constexpr std::size_t kFewestElements = 64;
    return elements >= kFewestElements && elements >= 8 * byChannel.size()
        && alike >= 0.7 * static_cast<double>(elements);
}

bool isConstant(const std::vector<float> &values)
{
    return std::ranges::all_of(values, [&](float v) { return v == values.front(); });
}

} // namespace

ElementSample sampleFloats(const TensorInfo &tensor)
{
    if (!tensor.readable() || !isFloating(tensor.dtype) || tensor.count() == 0)
        return {};
    TensorReader reader(tensor);
    return sampled(tensor.count(), [&](std::uint64_t begin, std::span<float> out) { reader.floats(begin, out); });
}

ElementSample sampleQuantized(const SlotQuantizer &slot)
{
    if (!slot.isReadable())
        return slot.tensor && !slot.quantizer ? sampleFloats(*slot.tensor) : ElementSample();
    if (slot.tensor->count() == 0)
        return {};
    CodeReader reader(slot);
    ElementSample out
        = sampled(slot.tensor->count(), [&](std::uint64_t begin, std::span<float> to) { reader.values(begin, to); });
    if (slot.quantizer->kind == QuantizerKind::Minifloat)
        return out;
    const CodeRange range = codeRange(*slot.quantizer);
    std::vector<std::int64_t> code(1);
    for (const std::uint64_t place : out.places) {
        reader.integers(place, code);
        out.steps.push_back(std::fabs(reader.parameters(reader.runAt(place).channel).scale));
        out.lowest.push_back(code[0] <= range.min);
        out.highest.push_back(code[0] >= range.max);
    }
    return out;
}

Evidence evidenceOf(const ElementSample &floats, const ElementSample &theirs, const Shape &shape, int channelAxis)
{
    const std::size_t count = floats.values.size();
    if (count == 0 || theirs.values.size() != count)
        return Evidence::None;
    Products all;
    for (std::size_t i = 0; i < count; ++i)
        all.add(floats.values[i], theirs.values[i]);
    if (!std::isfinite(all.ww) || !std::isfinite(all.vv))
        return Evidence::None;
    const float widest = widestStep(floats, theirs);
    // Half a step is what rounding moves a value by; other modes move it by up to one.
    const bool equal = widest <= 0.501f, near = widest <= 1.001f && all.cosine() >= 0.5;
    if (isConstant(theirs.values) || isConstant(floats.values))
        return equal || near ? Evidence::None : Evidence::Against;
    if (count < kFewest)
        return equal || near ? Evidence::Few : Evidence::Against;
    if (equal)
        return Evidence::Equal;
    // Of unrelated tensors the cosine is spread by 1 / sqrt(count).
    const double spread = 1 / std::sqrt(static_cast<double>(count)), cosine = all.cosine();
    if (near || cosine >= std::max(0.5, 8 * spread))
        return Evidence::Alike;
    if (alikeByChannel(floats, theirs, shape, channelAxis))
        return Evidence::Channels;
    return cosine >= std::max(0.2, 3 * spread) ? Evidence::None : Evidence::Against;
}

} // namespace quantscope
