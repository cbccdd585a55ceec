#include "dialects/torchscript/script_names.h"

#include <array>
#include <string_view>
#include <utility>

namespace quantscope::script {

std::string moduleOf(std::string path)
{
    for (std::size_t at = path.find("._packed_params"); at != std::string::npos; at = path.find("._packed_params"))
        path.resize(at);
    return path;
}

std::string ownerOf(const std::string &tensor)
{
    for (const std::string_view end : {".weight", ".bias"})
        if (tensor.ends_with(end))
            return tensor.substr(0, tensor.size() - end.size());
    return {};
}

std::string layerOfInputScale(const std::string &tensor)
{
    const std::size_t at = tensor.find("_input_scale_");
    return at == std::string::npos ? std::string() : tensor.substr(0, at);
}

std::optional<HelperModule> helperModule(const std::string &path)
{
    static constexpr std::array<std::pair<std::string_view, Slot>, 3> kHelpers
        = {{{".activation_post_process", Slot::Output}, {".weight_fake_quant", Slot::Weight},
            {".bias_fake_quant", Slot::Bias}}};
    for (const auto &[name, slot] : kHelpers)
        if (path.ends_with(name))
            return HelperModule{path.substr(0, path.size() - name.size()), slot};
    return std::nullopt;
}

} // namespace quantscope::script
