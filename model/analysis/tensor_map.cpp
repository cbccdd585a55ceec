#include "analysis/tensor_map.h"

#include "analysis/elements.h"
#include "analysis/pieces.h"
#include "tensor/index.h"

#include <algorithm>
#include <cmath>

namespace quantscope {

namespace {

float magnitude(const ElementChunk &chunk, std::size_t i)
{
    return std::fabs(chunk.codes.empty() ? chunk.originals[i] : static_cast<float>(chunk.codes[i]));
}

TensorMap emptyMap(const SlotQuantizer &slot, std::int64_t columns, std::int64_t rows)
{
    const Shape &shape = slot.tensor->shape;
    TensorMap map;
    map.columnAxis = shape.size() > 1 && slot.channelAxis == 1 ? 1 : 0;
    map.rowAxis = shape.size() > 1 ? 1 - map.columnAxis : 0;
    const std::int64_t across = shape.empty() ? 1 : std::max<std::int64_t>(1, shape[map.columnAxis]);
    const std::int64_t down = shape.size() < 2 ? 1 : std::max<std::int64_t>(1, shape[map.rowAxis]);
    map.perColumn = (across + columns - 1) / columns;
    map.perRow = (down + rows - 1) / rows;
    map.columns = (across + map.perColumn - 1) / map.perColumn;
    map.rows = (down + map.perRow - 1) / map.perRow;
    map.magnitude.assign(static_cast<std::size_t>(map.columns * map.rows), -1);
    return map;
}

/// As a share of the largest that was found: of the ends of a wide type everything would be next to nothing.
void normalise(TensorMap &map)
{
    map.largest = std::max(0.0f, *std::max_element(map.magnitude.begin(), map.magnitude.end()));
    for (float &value : map.magnitude)
        value = value < 0 || map.largest <= 0 ? value : std::min(1.0f, value / map.largest);
}

} // namespace

std::size_t TensorMap::cellOf(std::span<const std::int64_t> index) const
{
    const std::int64_t column = index.empty() ? 0 : index[columnAxis] / perColumn;
    const std::int64_t row = index.size() < 2 ? 0 : index[rowAxis] / perRow;
    return static_cast<std::size_t>(std::min(row, rows - 1) * columns + std::min(column, columns - 1));
}

Result<TensorMap> mapTensor(
    const SlotQuantizer &slot, std::int64_t columns, std::int64_t rows, const Progress &progress)
{
    return passErrors(slot.tensorName, [&] {
        const Shape &shape = slot.tensor->shape;
        TensorMap map = emptyMap(slot, columns, rows);
        std::uint64_t inner = 1; // elements that share the indices of the first two axes
        for (std::size_t axis = 2; axis < shape.size(); ++axis)
            inner *= static_cast<std::uint64_t>(shape[axis]);
        std::uint64_t kernel = ~0ull;
        std::size_t cell = 0;
        ElementReader reader(slot);
        forEachChunk(reader, 0, reader.count(), progress, [&](const ElementChunk &chunk) {
            for (std::size_t i = 0; i < chunk.size(); ++i) {
                const std::uint64_t flat = chunk.begin + i;
                if (flat / inner != kernel) {
                    kernel = flat / inner;
                    cell = map.cellOf(unflatten(flat, shape));
                }
                map.magnitude[cell] = std::max(map.magnitude[cell], magnitude(chunk, i));
            }
        });
        normalise(map);
        return map;
    });
}

} // namespace quantscope
