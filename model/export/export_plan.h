#pragma once

#include "export/export.h"
#include "quant/fixed_point.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace quantscope {

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

/// One array of a header: a slot with everything that its text needs.
struct ExportArray {
    const SlotQuantizer *slot = nullptr;
    std::string symbol; ///< "conv1_weight"
    Layout layout;
    std::string sourceAxes; ///< names of the tensor's own axes: "[o][i][h][w]"
    std::uint64_t count = 0;
    int width = 0; ///< bits of a code
    bool isSigned = true;
    std::optional<FixedType> fixed;
    std::optional<ScaleTable> table; ///< present when `fixed` is not

    int containerBits() const; ///< 8, 16, 32 or 64
    std::string containerType() const; ///< "int8_t"
};

/// One header: a layer with its arrays.
struct ExportHeader {
    const Layer *layer = nullptr;
    std::string identifier; ///< "conv1"; the file is identifier + ".h"
    std::vector<ExportArray> arrays;

    std::uint64_t count() const;
};

struct RenamedLayer {
    std::string layer;
    std::string identifier;
};

/// What a request will write, decided before anything is written.
struct ExportPlan {
    std::vector<ExportHeader> headers;
    std::vector<RenamedLayer> renamed;
    std::vector<std::string> notes;
};

/// Errors: Usage (unknown layer, format or layout, nothing to export, an empty tensor, codes that no array can hold).
/// The plan points into the network.
Result<ExportPlan> planExport(const Network &network, const ExportRequest &request);

/// Throws ParseError when the table cannot be made: shapes that contradict the tensor, zero points that are not whole.
ScaleTable makeScaleTable(const ExportArray &array);

} // namespace quantscope
