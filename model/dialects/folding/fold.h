#pragma once

#include "base/limits.h"
#include "graph/model_file.h"

#include <map>
#include <set>
#include <variant>
#include <vector>

namespace quantscope {

/// A constant computed from a graph. Floats are float32 and every operation rounds to float32, as an ONNX runtime does.
struct FoldedValue {
    DType dtype = DType::Float32;
    Shape shape;
    std::variant<std::vector<float>, std::vector<std::int64_t>> data;
    bool orderDependent = false; ///< it rests on a sum, whose last bit depends on the order of addition
    bool rounded = false; ///< of float64: these are its values as float32, of which nothing may be computed

    std::size_t count() const;
    bool isFloat() const { return data.index() == 0; }
    std::vector<float> floats() const; ///< integers are converted
    std::vector<std::int64_t> integers() const; ///< throws ParseError for a float that is not whole
};

/// A value that is no constant: it depends on the network's input, on an operator off the list, or on nothing at all.
class NotConstant : public ParseError {
public:
    using ParseError::ParseError;
};

/// Evaluates constant sub-graphs: the white-list of pure operators that Brevitas, torch.onnx, QONNX and the ONNX
/// Runtime quantizer leave in their files. Values are remembered. Throws ParseError: not constant, a cycle, too big, an
/// operator that is not on the list, malformed operands.
class Folder {
public:
    explicit Folder(const ModelFile &file, const Limits &limits = {});

    const FoldedValue &fold(ValueId value);
    /// No data is read: true when every path up ends in a tensor and every operator has the reference's bits.
    bool isConstant(ValueId value);

private:
    const FoldedValue &foldNode(ValueId value);
    FoldedValue compute(const Node &node, ValueId value);
    const FoldedValue &remember(ValueId value, FoldedValue folded);
    const ModelFile &m_file;
    Limits m_limits;
    std::map<ValueId, FoldedValue> m_done;
    std::set<ValueId> m_busy;
    std::map<ValueId, bool> m_constant;
    std::uint32_t m_depth = 0;
    std::uint64_t m_elements = 0; ///< of everything remembered
};

} // namespace quantscope
