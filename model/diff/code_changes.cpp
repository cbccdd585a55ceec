#include "diff/code_changes.h"

#include "base/parallel.h"
#include "quant/code_reader.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <map>
#include <memory>
#include <vector>

#include <tbb/enumerable_thread_specific.h>

namespace quantscope {

namespace {

/// 128 KiB of floats: those of both, and their codes, stay in the second-level cache.
constexpr std::uint64_t kComparedPiece = 1ull << 15;
/// What one core takes at a time: 4 MiB of floats.
constexpr std::uint64_t kComparedBlock = 1ull << 20;
constexpr std::uint64_t kFirstLook = 256;
/// Codes of more bits are no float32.
constexpr int kFloatBits = 24;

/// Codes, values and limits follow from the elements alike.
bool sameNumbers(const SlotQuantizer &a, const SlotQuantizer &b)
{
    if (!a.quantizer || !b.quantizer || a.quantizer->learnedRounding)
        return false;
    Quantizer numbers = *a.quantizer;
    numbers.origin = b.quantizer->origin;
    return numbers == *b.quantizer;
}

/// Reads the pieces of one slot.
class Side {
public:
    explicit Side(const SlotQuantizer &slot)
        : m_slot(slot)
        , m_elements(*slot.tensor)
    {
        if (slot.isReadable())
            m_codes.emplace(slot);
    }

    bool hasCodes() const { return m_codes.has_value(); }
    bool hasFloats() const { return !m_slot.holdsCodes(); }
    /// Its codes are patterns of bits, or floats: as integers they are exact only when the file stores integers.
    bool wantsIntegers() const { return m_slot.quantizer->rule == CodeRule::Stored && isInteger(m_slot.tensor->dtype); }
    bool isWide() const { return m_slot.quantizer->wordBits() > kFloatBits; }

    std::span<const std::byte> bytes(std::uint64_t begin, std::uint64_t count)
    {
        return m_elements.bytes(begin, count);
    }
    /// Elements as the bits of float32, or as they lie in the file.
    std::span<const std::uint64_t> stored(std::uint64_t begin, std::uint64_t count, bool asFloats)
    {
        m_patterns.resize(count);
        if (asFloats) {
            m_floats.resize(count);
            m_elements.floats(begin, m_floats);
            std::ranges::transform(m_floats, m_patterns.begin(), std::bit_cast<std::uint32_t, float>);
        } else {
            m_elements.patterns(begin, m_patterns);
        }
        return m_patterns;
    }
    std::span<const float> codes(std::uint64_t begin, std::uint64_t count)
    {
        m_floats.resize(count);
        m_codes->codes(begin, m_floats);
        return m_floats;
    }
    /// What is no number is 0.
    std::span<std::int64_t> integers(std::uint64_t begin, std::uint64_t count)
    {
        m_integers.resize(count);
        m_codes->integers(begin, m_integers);
        return m_integers;
    }
    /// Places, from `begin` on, whose code is no number.
    const std::vector<std::size_t> &noNumbers(std::uint64_t begin, std::uint64_t count)
    {
        m_noNumbers.clear();
        const auto found = hasFloats() ? codes(begin, count) : std::span<const float>();
        for (std::size_t i = 0; i < found.size(); ++i)
            if (std::isnan(found[i]))
                m_noNumbers.push_back(i);
        return m_noNumbers;
    }
    CodeReader::Run runAt(std::uint64_t element) const { return m_codes->runAt(element); }
    float zeroPoint(const CodeReader::Run &run) const { return m_codes->parameters(run.channel).zeroPoint; }

private:
    const SlotQuantizer &m_slot;
    TensorReader m_elements;
    std::optional<CodeReader> m_codes;
    std::vector<float> m_floats;
    std::vector<std::int64_t> m_integers;
    std::vector<std::uint64_t> m_patterns;
    std::vector<std::size_t> m_noNumbers;
};

/// One core's part of a comparison.
class Comparing {
public:
    Comparing(const SlotQuantizer &a, const SlotQuantizer &b)
        : m_a(a)
        , m_b(b)
        , m_sameNumbers(sameNumbers(a, b))
        , m_comparesBytes(a.tensor->dtype == b.tensor->dtype && dtypeBits(a.tensor->dtype) % 8 == 0
              && dtypeBits(a.tensor->dtype) > 0)
        , m_asFloats(m_a.hasFloats() && m_b.hasFloats())
        , m_integers(m_a.hasCodes() && m_b.hasCodes()
              && (m_a.wantsIntegers() || m_b.wantsIntegers() || m_a.isWide() || m_b.isWide()))
    {
        if (m_a.hasCodes() && m_b.hasCodes())
            m_changes.codes.emplace();
        if (m_asFloats || (!m_a.hasFloats() && !m_b.hasFloats() && !m_changes.codes))
            m_changes.stored = 0;
    }

    void add(std::uint64_t begin, std::uint64_t count)
    {
        const bool same = m_comparesBytes && sameBytes(begin, count);
        if (m_changes.stored && !same && (!m_changes.codes || *m_changes.stored == 0))
            addStored(begin, count);
        if (!m_changes.codes || (same && m_sameNumbers))
            return;
        if (m_integers)
            addIntegers(begin, count);
        else
            addRuns(begin, m_a.codes(begin, count), m_b.codes(begin, count));
    }

    const CodeChanges &changes() const { return m_changes; }

    void read(std::uint64_t begin, std::span<ElementChange> out)
    {
        const std::uint64_t count = out.size();
        std::ranges::fill(out, ElementChange{false, m_changes.codes ? std::optional<std::int64_t>(0) : std::nullopt});
        if (m_comparesBytes && sameBytes(begin, count) && (!m_changes.codes || m_sameNumbers))
            return;
        if (m_changes.codes && m_integers)
            tellIntegers(begin, out);
        else if (m_changes.codes)
            tell(m_a.codes(begin, count), m_b.codes(begin, count), out);
        else if (m_changes.stored)
            std::ranges::transform(m_a.stored(begin, count, m_asFloats), m_b.stored(begin, count, m_asFloats),
                out.begin(), [](std::uint64_t a, std::uint64_t b) {
                    return ElementChange{a != b, std::nullopt};
                });
    }

private:
    /// NaN equals NaN alone: 0 stands in its place, and no difference of integers is one from it.
    void addIntegers(std::uint64_t begin, std::uint64_t count)
    {
        const auto a = m_a.integers(begin, count), b = m_b.integers(begin, count);
        for (const auto &[place, isInBoth] : noNumbers(begin, count)) {
            a[place] = b[place] = 0;
            if (!isInBoth)
                m_changes.codes->addUnlike(begin + place);
        }
        addRuns<std::int64_t>(begin, a, b);
    }
    void tellIntegers(std::uint64_t begin, std::span<ElementChange> out)
    {
        tell<std::int64_t>(m_a.integers(begin, out.size()), m_b.integers(begin, out.size()), out);
        for (const auto &[place, isInBoth] : noNumbers(begin, out.size()))
            out[place] = {!isInBoth, std::nullopt};
    }
    /// Of either side, and whether of both.
    std::map<std::size_t, bool> noNumbers(std::uint64_t begin, std::uint64_t count)
    {
        std::map<std::size_t, bool> out;
        for (const std::size_t place : m_a.noNumbers(begin, count))
            out.emplace(place, false);
        for (const std::size_t place : m_b.noNumbers(begin, count))
            if (const auto [found, isNew] = out.emplace(place, false); !isNew)
                found->second = true;
        return out;
    }
    template <class Code>
    static void tell(std::span<const Code> a, std::span<const Code> b, std::span<ElementChange> out)
    {
        for (std::size_t i = 0; i < out.size(); ++i)
            out[i] = {!sameCodes(a[i], b[i]), changeOf(a[i], b[i])};
    }
    static bool sameCodes(std::int64_t a, std::int64_t b) { return a == b; }
    static bool sameCodes(float a, float b) { return a == b || (std::isnan(a) && std::isnan(b)); }
    static std::optional<std::int64_t> changeOf(std::int64_t a, std::int64_t b)
    {
        std::int64_t out = 0;
        if (__builtin_sub_overflow(b, a, &out))
            return b > a ? std::numeric_limits<std::int64_t>::max() : -std::numeric_limits<std::int64_t>::max();
        return out;
    }
    static std::optional<std::int64_t> changeOf(float a, float b)
    {
        const float change = b - a;
        return std::fabs(change) < 0x1p63f ? std::optional(static_cast<std::int64_t>(change)) : std::nullopt;
    }

    /// What differs mostly does so at once: then the rest is read only as codes.
    bool sameBytes(std::uint64_t begin, std::uint64_t count)
    {
        for (const std::uint64_t most : {std::min(count, kFirstLook), count}) {
            const auto a = m_a.bytes(begin, most), b = m_b.bytes(begin, most);
            if (std::memcmp(a.data(), b.data(), a.size()) != 0)
                return false;
        }
        return true;
    }

    void addStored(std::uint64_t begin, std::uint64_t count)
    {
        const auto a = m_a.stored(begin, count, m_asFloats), b = m_b.stored(begin, count, m_asFloats);
        const auto first = std::ranges::mismatch(a, b).in1;
        if (first == a.end())
            return;
        const auto at = static_cast<std::uint64_t>(first - a.begin());
        for (std::uint64_t i = at; i < count; ++i)
            *m_changes.stored += a[i] != b[i] ? 1u : 0u;
        m_changes.firstStored = std::min(m_changes.firstStored.value_or(begin + at), begin + at);
    }

    /// Runs of elements with one zero point in both.
    template <class Code> void addRuns(std::uint64_t begin, std::span<const Code> a, std::span<const Code> b)
    {
        for (std::uint64_t at = 0; at < a.size();) {
            const CodeReader::Run runA = m_a.runAt(begin + at), runB = m_b.runAt(begin + at);
            const std::uint64_t length = std::min<std::uint64_t>({runA.length, runB.length, a.size() - at});
            m_changes.codes->add(begin + at, a.subspan(at, length), b.subspan(at, length),
                zeroOf<Code>(m_a.zeroPoint(runA)), zeroOf<Code>(m_b.zeroPoint(runB)));
            at += length;
        }
    }

    /// Of codes alone the zero point is not known: the sign is that of the code.
    template <class Code> static Code zeroOf(float zero)
    {
        return zero > -0x1p62f && zero < 0x1p62f ? static_cast<Code>(zero) : Code{0};
    }

    Side m_a, m_b;
    bool m_sameNumbers, m_comparesBytes, m_asFloats, m_integers;
    CodeChanges m_changes;
};

void compareBlock(Comparing &comparing, std::uint64_t begin, std::uint64_t end, SharedProgress &progress)
{
    for (std::uint64_t at = begin; at < end; at += kComparedPiece) {
        const std::uint64_t count = std::min(kComparedPiece, end - at);
        comparing.add(at, count);
        progress.add(count);
    }
}

void addTo(CodeChanges &out, const CodeChanges &part)
{
    if (out.codes)
        out.codes->take(*part.codes);
    if (out.stored)
        *out.stored += *part.stored;
    if (part.firstStored)
        out.firstStored = std::min(out.firstStored.value_or(*part.firstStored), *part.firstStored);
}

} // namespace

ChangeReader::ChangeReader(const SlotQuantizer &a, const SlotQuantizer &b)
{
    const auto comparing = std::make_shared<Comparing>(a, b);
    m_compares = comparing->changes().codes || comparing->changes().stored;
    m_read = [comparing](std::uint64_t begin, std::span<ElementChange> out) { comparing->read(begin, out); };
}

void ChangeReader::read(std::uint64_t begin, std::span<ElementChange> out)
{
    for (std::uint64_t at = 0; at < out.size(); at += kComparedPiece)
        m_read(begin + at, out.subspan(at, std::min<std::uint64_t>(kComparedPiece, out.size() - at)));
}

CodeChanges codeChangesOf(const SlotQuantizer &a, const SlotQuantizer &b, SharedProgress &progress)
{
    const std::uint64_t count = elementCount(a.tensor->shape);
    Comparing alone(a, b);
    CodeChanges out = alone.changes();
    if (count >= 2 * kComparedBlock && a.tensor->isContiguous() && b.tensor->isContiguous()) {
        tbb::enumerable_thread_specific<Comparing> cores([&] { return Comparing(a, b); });
        parallelFor((count + kComparedBlock - 1) / kComparedBlock, [&](std::size_t block) {
            const std::uint64_t begin = block * kComparedBlock;
            compareBlock(cores.local(), begin, std::min(count, begin + kComparedBlock), progress);
        });
        for (const Comparing &core : cores)
            addTo(out, core.changes());
    } else {
        compareBlock(alone, 0, count, progress);
        out = alone.changes();
    }
    out.count = count;
    return out;
}

} // namespace quantscope
