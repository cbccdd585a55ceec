#pragma once

#include "formats/budget.h"
#include "formats/onnx/wire.h"
#include "graph/graph.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace quantscope::xir {

/// serial_v2.Tensor: what an operator makes.
struct RawTensor {
    std::string name;
    std::vector<std::int64_t> dims;
    std::int64_t dataType = 0; ///< XIR's DataType::Type: INT, UINT, XINT, XUINT, FLOAT
    std::int64_t bitWidth = 0;
    std::vector<Attribute> attributes;
};

/// serial_v2.OpArg: operators whose outputs are read under one name.
struct RawArgument {
    std::string name;
    std::vector<std::string> operators;
};

/// serial_v2.OPNode.
struct RawOperator {
    std::string name, type;
    std::vector<Attribute> attributes; ///< without `data`
    std::vector<RawArgument> arguments;
    RawTensor tensor;
    std::optional<onnx::Range> data; ///< bytes of a constant; of a compiled one none
};

/// What the top of a file holds.
struct RawXmodel {
    std::string name;
    std::vector<onnx::Range> operators;
    std::vector<Attribute> attributes;
};

/// Reads messages of serial_v2 (xir_graph_proto_v2.proto). Fields of another wire type than theirs throw ParseError,
/// unknown ones are passed over; texts, numbers and attributes are charged to the budget.
class XirProto {
public:
    XirProto(onnx::WireWindow &window, Budget &budget)
        : m_window(window)
        , m_budget(budget)
    {
    }

    RawXmodel top();
    RawOperator oneOperator(onnx::Range range);

private:
    std::string text(const onnx::Field &field, const char *what);
    std::int64_t number(const onnx::Field &field, const char *what) const;
    void addAttribute(const onnx::Field &entry, std::vector<Attribute> &attributes, RawOperator *owner);
    void readValue(const onnx::Field &value, Attribute &attribute, RawOperator *owner);
    void readData(const onnx::Field &value, RawOperator &owner);
    void readList(const onnx::Field &list, Attribute &attribute);
    RawArgument argument(const onnx::Field &field);
    void addTensor(const onnx::Field &field, RawTensor &tensor);

    onnx::WireWindow &m_window;
    Budget &m_budget;
};

} // namespace quantscope::xir
