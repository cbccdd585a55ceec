#include "checks/channel_sums.h"

#include "base/parallel.h"
#include "network/axes.h"
#include "quant/code_reader.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <fmt/format.h>
#include <tbb/enumerable_thread_specific.h>

namespace quantscope {

namespace {

/// 128 KiB of codes.
constexpr std::uint64_t kSummedPiece = 1ull << 14;
/// What one core takes at a time.
constexpr std::uint64_t kSummedBlock = 1ull << 20;

bool isTransposedConvolution(const Layer &layer) { return layer.kind.find("ConvTranspose") != std::string::npos; }

bool isKernel(AxisRole role) { return role == AxisRole::Depth || role == AxisRole::Height || role == AxisRole::Width; }

/// 0, step, 2 * step, ...
std::vector<std::uint64_t> steps(std::uint64_t count, std::uint64_t step)
{
    std::vector<std::uint64_t> out(count);
    for (std::uint64_t i = 0; i < count; ++i)
        out[i] = i * step;
    return out;
}

/// Fills a layout axis by axis; parts grow with each axis that splits a channel's sums.
class LayoutBuilder {
public:
    LayoutBuilder(const Layer &layer, const SlotQuantizer &weight, int stride)
        : m_layer(layer)
        , m_stride(stride)
        , m_axes(axisMeanings(layer, weight))
    {
        m_layout.shape = weight.tensor->shape;
        m_layout.offsets.resize(m_layout.shape.size());
        m_groups = isTransposedConvolution(layer) ? static_cast<std::uint64_t>(std::max(layer.groups, 1)) : 1;
    }

    SumLayout build()
    {
        for (std::size_t axis = 0; axis < m_axes.size(); ++axis)
            if (m_axes[axis].role == AxisRole::Stack)
                split(axis, size(axis));
            else if (isKernel(m_axes[axis].role) && isTransposedConvolution(m_layer) && m_stride > 1)
                phases(axis);
        for (std::size_t axis = 0; axis < m_axes.size(); ++axis)
            place(axis);
        if (!m_hasChannels)
            throw ParseError("no axis of its weight is known to hold the output channels");
        m_layout.terms = std::max<std::uint64_t>(m_layout.terms, 1);
        return std::move(m_layout);
    }

private:
    std::uint64_t size(std::size_t axis) const { return static_cast<std::uint64_t>(m_layout.shape[axis]); }

    void require(std::uint64_t accumulators) const
    {
        if (accumulators > kMostAccumulators)
            throw ParseError(fmt::format("it has more than {} output channels", kMostAccumulators));
    }

    void split(std::size_t axis, std::uint64_t into)
    {
        require(size(axis));
        m_layout.offsets[axis] = steps(size(axis), m_layout.parts);
        m_layout.parts *= std::max<std::uint64_t>(into, 1);
        require(m_layout.parts);
    }

    /// Output position p is reached from kernel positions k with k = p (modulo the stride).
    void phases(std::size_t axis)
    {
        require(size(axis));
        const auto stride = std::min(static_cast<std::uint64_t>(m_stride), std::max<std::uint64_t>(size(axis), 1));
        m_layout.offsets[axis].resize(size(axis));
        for (std::uint64_t k = 0; k < size(axis); ++k)
            m_layout.offsets[axis][k] = k % stride * m_layout.parts;
        m_layout.terms *= (size(axis) + stride - 1) / stride;
        m_layout.parts *= stride;
        require(m_layout.parts);
    }

    void place(std::size_t axis)
    {
        switch (m_axes[axis].role) {
        case AxisRole::OutChannel: return placeChannels(axis);
        case AxisRole::InChannel: return placeInputs(axis);
        case AxisRole::Stack: return;
        case AxisRole::Depth:
        case AxisRole::Height:
        case AxisRole::Width:
            if (m_layout.offsets[axis].empty())
                m_layout.terms *= size(axis);
            return;
        default: throw ParseError(fmt::format("what axis {} of its weight is, is not known", axis));
        }
    }

    void placeChannels(std::size_t axis)
    {
        require(size(axis));
        m_layout.channels *= size(axis);
        require(m_layout.channels);
        require(m_layout.channels * m_layout.parts);
        m_layout.offsets[axis] = steps(size(axis), m_layout.parts);
        m_hasChannels = true;
        if (m_groups > 1)
            m_layout.channels *= m_groups;
        require(m_layout.channels);
        require(m_layout.channels * m_layout.parts);
    }

    /// The inputs of a transposed convolution's group give to the output channels of that group.
    void placeInputs(std::size_t axis)
    {
        if (m_groups == 1) {
            m_layout.terms *= size(axis);
            return;
        }
        const auto outputs = std::ranges::find(m_axes, AxisRole::OutChannel, &AxisMeaning::role) - m_axes.begin();
        if (size(axis) % m_groups != 0 || outputs == std::ssize(m_axes))
            throw ParseError(fmt::format("its {} groups do not divide {} input channels", m_groups, size(axis)));
        require(size(axis));
        const std::uint64_t inGroup = size(axis) / m_groups;
        m_layout.terms *= inGroup;
        for (std::uint64_t i = 0; i < size(axis); ++i)
            m_layout.offsets[axis].push_back(i / inGroup * size(static_cast<std::size_t>(outputs)) * m_layout.parts);
    }

    const Layer &m_layer;
    const int m_stride;
    std::vector<AxisMeaning> m_axes;
    SumLayout m_layout;
    std::uint64_t m_groups = 1;
    bool m_hasChannels = false;
};

/// Rows of elements: of one accumulator, or of those that the last axis tells apart.
class RowMap {
public:
    explicit RowMap(const SumLayout &layout)
        : m_layout(layout)
        , m_outer(layout.shape.size())
    {
        while (m_outer > 0 && layout.offsets[m_outer - 1].empty())
            m_row *= static_cast<std::uint64_t>(layout.shape[--m_outer]);
        if (m_outer == layout.shape.size() && m_outer > 0)
            m_row = static_cast<std::uint64_t>(layout.shape[--m_outer]);
        m_row = std::max<std::uint64_t>(m_row, 1);
    }

    std::uint64_t length() const { return m_row; }
    /// Of the places in a row; empty where all are one accumulator's.
    std::span<const std::uint64_t> table() const
    {
        return m_outer < m_layout.offsets.size() ? std::span<const std::uint64_t>(m_layout.offsets[m_outer])
                                                 : std::span<const std::uint64_t>();
    }
    std::uint64_t base(std::uint64_t row) const
    {
        std::uint64_t out = 0;
        for (std::size_t axis = m_outer; axis-- > 0;) {
            const auto size = static_cast<std::uint64_t>(m_layout.shape[axis]);
            if (!m_layout.offsets[axis].empty())
                out += m_layout.offsets[axis][row % size];
            row /= size;
        }
        return out;
    }

private:
    const SumLayout &m_layout;
    std::size_t m_outer; ///< axes before a row
    std::uint64_t m_row = 1;
};

void addChecked(std::int64_t &sum, std::int64_t more)
{
    if (__builtin_add_overflow(sum, more, &sum))
        throw ParseError("its sums leave 64 bits");
}

/// A zero point as an integer.
std::int64_t wholeZero(float zero)
{
    if (!(std::fabs(zero) < 0x1p62f) || zero != std::trunc(zero))
        throw ParseError(fmt::format("its zero point {} is no integer", zero));
    return static_cast<std::int64_t>(zero);
}

/// One core's part of the sums.
class Summing {
public:
    Summing(const SlotQuantizer &weight, const SumLayout &layout)
        : m_reader(weight)
        , m_rows(layout)
        , m_sums{std::vector<std::int64_t>(layout.count()), std::vector<std::int64_t>(layout.count())}
    {
    }

    void add(std::uint64_t begin, std::uint64_t count)
    {
        m_codes.resize(count);
        m_reader.read(begin, m_codes);
        const auto table = m_rows.table();
        for (std::uint64_t at = 0; at < count;) {
            const std::uint64_t row = (begin + at) / m_rows.length(), place = (begin + at) % m_rows.length();
            const std::uint64_t length = std::min(m_rows.length() - place, count - at);
            const auto codes = std::span(m_codes).subspan(at, length);
            if (table.empty())
                addRow(m_rows.base(row), codes);
            else
                scatter(m_rows.base(row), codes, table.subspan(place, length));
            at += length;
        }
    }

    const ChannelSums &sums() const { return m_sums; }

private:
    void addRow(std::uint64_t accumulator, std::span<const std::int64_t> codes)
    {
        std::int64_t positive = 0, negative = 0;
        bool overflow = false;
        for (const std::int64_t code : codes) {
            overflow |= __builtin_add_overflow(positive, code > 0 ? code : 0, &positive);
            overflow |= __builtin_add_overflow(negative, code < 0 ? code : 0, &negative);
        }
        if (overflow)
            throw ParseError("its sums leave 64 bits");
        addChecked(m_sums.positive[accumulator], positive);
        addChecked(m_sums.negative[accumulator], negative);
    }

    void scatter(std::uint64_t base, std::span<const std::int64_t> codes, std::span<const std::uint64_t> table)
    {
        for (std::size_t i = 0; i < codes.size(); ++i)
            addChecked((codes[i] > 0 ? m_sums.positive : m_sums.negative)[base + table[i]], codes[i]);
    }

    PlainCodes m_reader;
    RowMap m_rows;
    ChannelSums m_sums;
    std::vector<std::int64_t> m_codes;
};

void addBlock(Summing &summing, std::uint64_t begin, std::uint64_t end, SharedProgress &progress)
{
    for (std::uint64_t at = begin; at < end; at += kSummedPiece) {
        const std::uint64_t count = std::min(kSummedPiece, end - at);
        summing.add(at, count);
        progress.add(count);
    }
}

} // namespace

PlainCodes::PlainCodes(const SlotQuantizer &slot)
    : m_reader(slot)
    , m_throughFloats(slot.quantizer->rule != CodeRule::Stored || isFloating(slot.tensor->dtype))
{
}

void PlainCodes::read(std::uint64_t begin, std::span<std::int64_t> out)
{
    if (m_throughFloats) {
        m_floats.resize(out.size());
        m_reader.codes(begin, m_floats);
        for (std::size_t i = 0; i < out.size(); ++i) {
            if (!std::isfinite(m_floats[i]))
                throw ParseError(fmt::format("the code of element {} is {}", begin + i, m_floats[i]));
            out[i] = m_reader.integer(m_floats[i]);
        }
    } else {
        m_reader.integers(begin, out);
    }
    for (std::uint64_t at = 0; at < out.size();) {
        const CodeReader::Run run = m_reader.runAt(begin + at);
        const std::uint64_t length = std::min<std::uint64_t>(run.length, out.size() - at);
        if (const std::int64_t zero = wholeZero(m_reader.parameters(run.channel).zeroPoint); zero != 0)
            for (std::int64_t &code : out.subspan(at, length))
                addChecked(code, -zero);
        at += length;
    }
}

SumLayout sumLayoutOf(const Layer &layer, const SlotQuantizer &weight, int stride)
{
    return LayoutBuilder(layer, weight, stride).build();
}

ChannelSums channelSumsOf(const SlotQuantizer &weight, const SumLayout &layout, SharedProgress &progress)
{
    const std::uint64_t count = elementCount(weight.tensor->shape);
    const bool divides = count >= 2 * kSummedBlock && weight.tensor->isContiguous()
        && layout.count() <= kSummedBlock; // each core keeps sums of its own
    if (!divides) {
        Summing alone(weight, layout);
        addBlock(alone, 0, count, progress);
        return alone.sums();
    }
    tbb::enumerable_thread_specific<Summing> cores([&] { return Summing(weight, layout); });
    parallelFor((count + kSummedBlock - 1) / kSummedBlock, [&](std::size_t block) {
        const std::uint64_t begin = block * kSummedBlock;
        addBlock(cores.local(), begin, std::min(count, begin + kSummedBlock), progress);
    });
    ChannelSums out{std::vector<std::int64_t>(layout.count()), std::vector<std::int64_t>(layout.count())};
    for (const Summing &core : cores)
        for (std::size_t i = 0; i < out.positive.size(); ++i) {
            addChecked(out.positive[i], core.sums().positive[i]);
            addChecked(out.negative[i], core.sums().negative[i]);
        }
    return out;
}

} // namespace quantscope
