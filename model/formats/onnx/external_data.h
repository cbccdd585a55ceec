#pragma once

#include "tensor/tensor.h"

#include <map>
#include <memory>
#include <optional>
#include <string>

namespace quantscope::onnx {

/// The key-value pairs of TensorProto.external_data, as text.
struct ExternalReference {
    std::optional<std::string> location;
    std::optional<std::string> offset;
    std::optional<std::string> length;
};

/// Opens the files beside a model that hold its tensors. A model comes from strangers, so only a regular file inside
/// the model's own folder is opened (onnx's ExternalDataSecurity); each file once, however many tensors it holds.
class ExternalData {
public:
    explicit ExternalData(const std::string &modelPath);

    /// Fills `tensor.storage` with exactly `neededBytes`; throws ParseError saying why not (the tensor's problem, not
    /// the file's).
    void attach(TensorInfo &tensor, const ExternalReference &reference, std::uint64_t neededBytes);

private:
    std::shared_ptr<const ByteSource> open(const std::string &location);

    std::string m_folder;
    std::map<std::string, std::shared_ptr<const ByteSource>> m_open;
};

} // namespace quantscope::onnx
