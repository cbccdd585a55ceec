#pragma once

#include "base/named_source.h"
#include "tensor/tensor.h"

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace quantscope::onnx {

/// The key-value pairs of TensorProto.external_data, as text.
struct ExternalReference {
    std::optional<std::string> location;
    std::optional<std::string> offset;
    std::optional<std::string> length;
};

/// Opens the files beside a model that hold its tensors. A model comes from strangers, so only a regular file inside
/// the model's own folder is opened (onnx's ExternalDataSecurity): the one that its path names, or the one that the
/// model itself lies in where that path is a link, as in the caches of package managers. Hard links are files like any
/// other. Each file is opened once, however many tensors it holds.
class ExternalData {
public:
    explicit ExternalData(const std::string &modelPath);

    /// Fills `tensor.storage` with exactly `neededBytes`; throws ParseError saying why not (the tensor's problem, not
    /// the file's): then it only says which file that would be, where the location may be opened.
    void attach(TensorInfo &tensor, const ExternalReference &reference, std::uint64_t neededBytes);

private:
    std::shared_ptr<const NamedSource> open(const std::string &location);
    std::string pathOf(const std::string &location) const;
    bool isInside(const std::filesystem::path &file) const;

    std::filesystem::path m_folder; ///< that locations count from
    std::vector<std::filesystem::path> m_folders; ///< that files may lie in, resolved
    std::map<std::string, std::shared_ptr<const NamedSource>> m_open; ///< by location
    std::map<std::filesystem::path, std::shared_ptr<const NamedSource>> m_files; ///< by resolved path
};

} // namespace quantscope::onnx
