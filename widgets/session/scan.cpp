#include "session/scan.h"

#include "items/text.h"

#include <algorithm>
#include <cmath>

namespace quantscope {

namespace {

constexpr std::uint64_t kStep = 1u << 18;

/// Calls `visit(chunk)` for every run of elements in file order.
template <class Visit> Result<void> forEachChunk(const SlotRef &slot, const Progress &progress, Visit visit)
{
    const std::uint64_t total = slot.count();
    for (std::uint64_t begin = 0; begin < total; begin += kStep) {
        progress.step(begin, total);
        const CodeChunk chunk = readChunk(slot, begin, kStep);
        if (!chunk.problem.empty())
            return tl::unexpected(Error{ErrorKind::Parse, {}, {}, chunk.problem});
        visit(chunk);
    }
    return {};
}

std::size_t sizeOf(const CodeChunk &chunk) { return std::max(chunk.codes.size(), chunk.originals.size()); }

float magnitude(const CodeChunk &chunk, std::size_t i)
{
    return std::abs(chunk.codes.empty() ? chunk.originals[i] : static_cast<float>(chunk.codes[i]));
}

} // namespace

Result<FindResult> findElements(const SlotRef &slot, const FindQuery &query, const Progress &progress)
{
    FindResult result;
    const auto done = forEachChunk(slot, progress, [&](const CodeChunk &chunk) {
        const std::size_t count = query.needsFloats() ? chunk.originals.size() : chunk.codes.size();
        for (std::size_t i = 0; i < count; ++i) {
            const bool coded = i < chunk.codes.size();
            const float original = i < chunk.originals.size() ? chunk.originals[i] : 0;
            if (!query.matches(coded ? chunk.codes[i] : 0, coded ? chunk.values[i] : original, original))
                continue;
            if (++result.count <= FindResult::kMaxHits)
                result.positions.push_back(chunk.begin + i);
        }
    });
    if (!done)
        return tl::unexpected(done.error());
    return result;
}

Result<Extremes> findExtremes(const SlotRef &slot, const Progress &progress)
{
    Extremes result;
    float largest = -1;
    float largestError = -1;
    const auto done = forEachChunk(slot, progress, [&](const CodeChunk &chunk) {
        for (std::size_t i = 0; i < sizeOf(chunk); ++i) {
            const float size = chunk.originals.empty() ? magnitude(chunk, i) : std::abs(chunk.originals[i]);
            if (size > largest) {
                largest = size;
                result.largest = chunk.begin + i;
            }
            if (chunk.originals.empty() || chunk.codes.empty())
                continue;
            const float error = std::abs(chunk.values[i] - chunk.originals[i]);
            if (error > largestError) {
                largestError = error;
                result.largestError = chunk.begin + i;
            }
        }
    });
    if (!done)
        return tl::unexpected(done.error());
    return result;
}

std::size_t TensorMap::cellOf(std::span<const std::int64_t> index) const
{
    const std::int64_t column = index.empty() ? 0 : index[columnAxis] / perColumn;
    const std::int64_t row = index.size() < 2 ? 0 : index[rowAxis] / perRow;
    return static_cast<std::size_t>(std::min(row, rows - 1) * columns + std::min(column, columns - 1));
}

static TensorMap emptyMap(const SlotRef &slot, std::int64_t columns, std::int64_t rows)
{
    const Shape &shape = slot.slot->tensor->shape;
    TensorMap map;
    map.rowAxis = shape.size() > 1 ? 1 : 0;
    const std::int64_t across = shape.empty() ? 1 : std::max<std::int64_t>(1, shape[0]);
    const std::int64_t down = shape.size() < 2 ? 1 : std::max<std::int64_t>(1, shape[1]);
    map.perColumn = (across + columns - 1) / columns;
    map.perRow = (down + rows - 1) / rows;
    map.columns = (across + map.perColumn - 1) / map.perColumn;
    map.rows = (down + map.perRow - 1) / map.perRow;
    map.magnitude.assign(static_cast<std::size_t>(map.columns * map.rows), -1);
    return map;
}

Result<TensorMap> mapTensor(const SlotRef &slot, std::int64_t columns, std::int64_t rows, const Progress &progress)
{
    const Shape &shape = slot.slot->tensor->shape;
    TensorMap map = emptyMap(slot, columns, rows);
    std::uint64_t inner = 1; // elements that share the indices of the first two axes
    for (std::size_t axis = 2; axis < shape.size(); ++axis)
        inner *= static_cast<std::uint64_t>(shape[axis]);
    std::uint64_t kernel = ~0ull;
    std::size_t cell = 0;
    const auto done = forEachChunk(slot, progress, [&](const CodeChunk &chunk) {
        for (std::size_t i = 0; i < sizeOf(chunk); ++i) {
            const std::uint64_t flat = chunk.begin + i;
            if (flat / inner != kernel) {
                kernel = flat / inner;
                cell = map.cellOf(unflatten(flat, shape));
            }
            map.magnitude[cell] = std::max(map.magnitude[cell], magnitude(chunk, i));
        }
    });
    if (!done)
        return tl::unexpected(done.error());
    float largest = *std::max_element(map.magnitude.begin(), map.magnitude.end());
    if (slot.hasCodes()) {
        const CodeRange range = codeRange(*slot.slot->quantizer);
        largest = std::max(std::abs(static_cast<float>(range.min)), std::abs(static_cast<float>(range.max)));
    }
    for (float &value : map.magnitude)
        value = value < 0 || largest <= 0 ? value : std::min(1.0f, value / largest);
    return map;
}

} // namespace quantscope
