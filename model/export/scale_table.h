#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace quantscope {

struct ExportArray;

/// Scales and zero points of an array that no fixed-point type describes, in the order of its layout.
/// value = (raw - zeroPoint[c]) * scale[c], where c is `index` of the element.
struct ScaleTable {
    std::vector<float> scale;
    std::vector<std::int64_t> zeroPoint; ///< as many as scales
    std::vector<std::int64_t> dims; ///< exported order; 1 along the axes where one value serves all
    int axis = -1; ///< exported axis along which values differ; -1: one value for all
    std::optional<int> block; ///< elements along `axis` that share a value
    std::string index; ///< "o", "0", "o*4+i/32"
};

/// Of an array whose other fields are known. Throws ParseError when the table cannot be made: scales that contradict
/// the tensor or are not finite, zero points that are not whole or do not fit the array's type.
ScaleTable makeScaleTable(const ExportArray &array);

} // namespace quantscope
