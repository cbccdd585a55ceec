#include "formats/safetensors/header.h"

#include "base/checked.h"
#include "base/cursor.h"
#include "base/text.h"
#include "formats/safetensors/json_events.h"

#include <algorithm>
#include <numeric>
#include <set>

#include <fmt/format.h>

namespace quantscope {

namespace {

constexpr std::uint64_t kLengthBytes = 8;
/// The format's own bound on the header.
constexpr std::uint64_t kMostHeader = 100'000'000;
constexpr std::size_t kLongestName = 1024;

struct TypeWord {
    std::string_view word;
    DType type;
};

/// safetensors/src/tensor.rs, Dtype. Of its newer types of 4 and 6 bits it does not say which half of a byte comes
/// first.
constexpr TypeWord kWords[]
    = {{"BOOL", DType::Bool}, {"U8", DType::UInt8}, {"I8", DType::Int8}, {"F8_E5M2", DType::Float8E5M2},
        {"F8_E4M3", DType::Float8E4M3FN}, {"F8_E8M0", DType::Float8E8M0}, {"F8_E4M3FNUZ", DType::Float8E4M3FNUZ},
        {"F8_E5M2FNUZ", DType::Float8E5M2FNUZ}, {"I16", DType::Int16}, {"U16", DType::UInt16}, {"F16", DType::Float16},
        {"BF16", DType::BFloat16}, {"I32", DType::Int32}, {"U32", DType::UInt32}, {"F32", DType::Float32},
        {"F64", DType::Float64}, {"I64", DType::Int64}, {"U64", DType::UInt64}, {"C64", DType::Complex64}};

DType typeOf(std::string_view word)
{
    const auto found = std::ranges::find(kWords, word, &TypeWord::word);
    return found == std::end(kWords) ? DType::Unknown : found->type;
}

/// Builds the tensors while the header is read.
class HeaderEvents : public JsonEvents {
public:
    HeaderEvents(const Limits &limits, Budget &budget, SafetensorsHeader &header)
        : m_limits(limits)
        , m_budget(budget)
        , m_header(header)
    {
    }

    /// Bytes of each tensor, relative to the data.
    struct Range {
        std::uint64_t begin = 0, end = 0;
    };
    const std::vector<Range> &ranges() const { return m_ranges; }

    void beginObject() override;
    void endObject() override;
    void key(std::string &name) override;
    void text(std::string &value) override;
    void number(std::uint64_t value) override;
    void otherValue() override { fail("has a value that is neither a text nor a whole number of zero or more"); }
    void beginArray() override;
    void endArray() override { m_inList = false; }

private:
    enum class Field { None, DType, Shape, Offsets };
    [[noreturn]] void fail(std::string_view why) const
    {
        throw ParseError(m_depth < 1 ? fmt::format("its header {}", why)
                                     : fmt::format("its header's entry '{}' {}", printable(m_name), why));
    }
    void finishTensor();

    const Limits &m_limits;
    Budget &m_budget;
    SafetensorsHeader &m_header;
    std::vector<Range> m_ranges;
    std::set<std::string, std::less<>> m_names;
    std::string m_name; ///< of the entry
    std::string m_metadataKey;
    Field m_field = Field::None;
    bool m_seen[4] = {};
    std::vector<std::uint64_t> m_offsets;
    TensorInfo m_tensor;
    int m_depth = 0; ///< open objects
    bool m_inList = false;
    bool m_isMetadata = false;
};

void HeaderEvents::beginObject()
{
    if (m_depth >= 2)
        fail("has an object where none belongs");
    ++m_depth;
    m_field = Field::None;
    std::ranges::fill(m_seen, false);
    m_tensor = {};
    m_offsets.clear();
}

void HeaderEvents::endObject()
{
    if (m_depth == 2 && !m_isMetadata)
        finishTensor();
    --m_depth;
}

void HeaderEvents::key(std::string &name)
{
    if (m_depth == 1) {
        if (name.size() > kLongestName)
            fail(fmt::format("has a name of more than {} characters", kLongestName));
        m_budget.charge(3 * sizeof(std::string) + 2 * name.size(), "the list of tensors");
        m_isMetadata = name == "__metadata__";
        m_name = name;
        if (!m_names.insert(std::move(name)).second)
            fail("is there twice");
        return;
    }
    if (m_isMetadata) {
        m_metadataKey = std::move(name);
        return;
    }
    m_field = name == "dtype"    ? Field::DType
        : name == "shape"        ? Field::Shape
        : name == "data_offsets" ? Field::Offsets
                                 : Field::None;
    if (m_field == Field::None)
        fail(fmt::format("has the field '{}', which QuantScope does not know", printable(name.substr(0, 40))));
    if (std::exchange(m_seen[static_cast<int>(m_field)], true))
        fail(fmt::format("has its {} twice", name));
}

void HeaderEvents::text(std::string &value)
{
    if (m_depth == 2 && m_isMetadata) {
        m_budget.charge(4 * sizeof(std::string) + value.size() + m_metadataKey.size(), "the metadata");
        if (!m_header.metadata.emplace(m_metadataKey, std::move(value)).second)
            fail(fmt::format("has the key '{}' twice", printable(m_metadataKey.substr(0, 40))));
        return;
    }
    if (m_depth != 2 || m_inList || m_field != Field::DType)
        fail("has a text where none belongs");
    m_tensor.dtype = typeOf(value);
    if (m_tensor.dtype == DType::Unknown)
        m_tensor.problem = fmt::format(
            "has elements of the type {}, which QuantScope does not know", printable(value.substr(0, 40)));
}

void HeaderEvents::number(std::uint64_t value)
{
    if (m_depth != 2 || m_isMetadata || !m_inList)
        fail("has a number where none belongs");
    if (m_field == Field::Offsets) {
        m_offsets.push_back(value);
        if (m_offsets.size() > 2)
            fail("has more than two offsets");
        return;
    }
    if (m_tensor.shape.size() >= m_limits.rank)
        fail(fmt::format("has more than {} axes", m_limits.rank));
    m_tensor.shape.push_back(narrow<std::int64_t>(value, fmt::format("the shape of '{}'", printable(m_name))));
}

void HeaderEvents::beginArray()
{
    if (m_depth != 2 || m_isMetadata || m_inList || (m_field != Field::Shape && m_field != Field::Offsets))
        fail("has a list where none belongs");
    m_inList = true;
}

void HeaderEvents::finishTensor()
{
    if (!m_seen[static_cast<int>(Field::DType)] || !m_seen[static_cast<int>(Field::Shape)] || m_offsets.size() != 2)
        fail("has no dtype, no shape or no two data_offsets");
    const Range range{m_offsets[0], m_offsets[1]};
    if (range.end < range.begin)
        fail("ends before it begins");
    const std::string what = fmt::format("the shape of tensor '{}'", printable(m_name));
    std::uint64_t bytes = dtypeBits(m_tensor.dtype) / 8;
    for (const std::int64_t size : m_tensor.shape)
        bytes = checkedMul(bytes, static_cast<std::uint64_t>(size), what);
    if (elementCount(m_tensor.shape, m_limits) == 0)
        bytes = 0;
    if (m_tensor.dtype != DType::Unknown && bytes != range.end - range.begin)
        fail(fmt::format("has {} bytes, but its shape and type need {}", range.end - range.begin, bytes));
    m_tensor.name = m_name;
    m_budget.charge(sizeof(TensorInfo) + sizeof(Range) + m_name.size() + m_tensor.shape.size() * sizeof(std::int64_t),
        "the list of tensors");
    m_header.tensors.push_back(std::move(m_tensor));
    m_ranges.push_back(range);
}

/// Every byte of the data belongs to one tensor.
void requireTiled(
    const std::vector<TensorInfo> &tensors, const std::vector<HeaderEvents::Range> &ranges, std::uint64_t dataBytes)
{
    std::vector<std::size_t> order(ranges.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::sort(order, {}, [&](std::size_t i) { return std::pair(ranges[i].begin, ranges[i].end); });
    std::uint64_t free = 0;
    for (const std::size_t i : order) {
        const std::string name = printable(tensors[i].name);
        if (ranges[i].begin < free)
            throw ParseError(fmt::format("tensor '{}' overlaps the one before it", name));
        if (ranges[i].begin > free)
            throw ParseError(fmt::format("{} bytes before tensor '{}' belong to none", ranges[i].begin - free, name));
        if (ranges[i].end > dataBytes)
            throw ParseError(
                fmt::format("tensor '{}' ends at byte {} of the data, of which there are {}: the file was cut off",
                    name, ranges[i].end, dataBytes));
        free = ranges[i].end;
    }
    if (free != dataBytes)
        throw ParseError(fmt::format("{} bytes behind the last tensor belong to none", dataBytes - free));
}

std::vector<std::byte> headerBytes(const ByteSource &source, Budget &budget)
{
    const std::uint64_t size = source.size();
    if (size < kLengthBytes)
        throw ParseError(fmt::format("is no safetensors file: it has {} bytes", size));
    const std::uint64_t length = Cursor(source.bytes(0, kLengthBytes)).u64();
    if (length > kMostHeader)
        throw ParseError(
            fmt::format("claims a header of {} bytes, more than the {} that safetensors allows", length, kMostHeader));
    if (length > size - kLengthBytes)
        throw ParseError(
            fmt::format("claims a header of {} bytes and has {}: the file was cut off", length, size - kLengthBytes));
    budget.charge(length, "the header");
    return source.bytes(kLengthBytes, length);
}

} // namespace

SafetensorsHeader readSafetensorsHeader(
    const std::shared_ptr<const ByteSource> &source, const Limits &limits, Budget &budget)
{
    const auto bytes = headerBytes(*source, budget);
    const std::string_view text(reinterpret_cast<const char *>(bytes.data()), bytes.size());
    if (!text.starts_with('{'))
        throw ParseError("its header is no JSON object", kLengthBytes);
    SafetensorsHeader out;
    HeaderEvents events(limits, budget, out);
    readJson(text, kLengthBytes, "its header", events);
    const std::uint64_t dataBegin = kLengthBytes + bytes.size();
    requireTiled(out.tensors, events.ranges(), source->size() - dataBegin);
    for (std::size_t i = 0; i < out.tensors.size(); ++i) {
        const HeaderEvents::Range &range = events.ranges()[i];
        out.tensors[i].storage
            = {.source = source, .offset = dataBegin + range.begin, .bytes = range.end - range.begin};
    }
    return out;
}

} // namespace quantscope
