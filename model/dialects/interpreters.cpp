#include "dialects/interpreters.h"

#include "dialects/brevitas/list_state_dict.h"
#include "dialects/brevitas/recover_state_dict.h"
#include "dialects/onnx/recover.h"
#include "dialects/torchscript/recover_script.h"
#include "dialects/vitis/quant_info_network.h"
#include "dialects/vitis/xir_network.h"

#include <algorithm>
#include <array>

namespace quantscope {

namespace {

constexpr std::array kInterpreters = {
    Interpreter{"TorchScript",
        [](const ModelFile &file) { return file.format == "torchscript" && file.graph && !file.graph->nodes.empty(); },
        [](std::shared_ptr<const ModelFile> file, const Recipe &) { return listScript(std::move(file)); },
        [](Network &network, const Progress &progress, const RecoverHints &) { recoverScript(network, progress); }},
    Interpreter{"XIR graph", [](const ModelFile &file) { return file.format == "xmodel" && file.graph.has_value(); },
        [](std::shared_ptr<const ModelFile> file, const Recipe &) { return listXmodel(std::move(file)); },
        [](Network &network, const Progress &progress, const RecoverHints &) { recoverXmodel(network, progress); }},
    Interpreter{"quant_info.json", [](const ModelFile &file) { return file.quantInfo != nullptr; }, listQuantInfo,
        [](Network &network, const Progress &progress, const RecoverHints &) { recoverQuantInfo(network, progress); }},
    Interpreter{"ONNX graph", [](const ModelFile &file) { return file.graph.has_value(); },
        [](std::shared_ptr<const ModelFile> file, const Recipe &) { return listOnnx(std::move(file)); },
        [](Network &network, const Progress &progress, const RecoverHints &) { recoverOnnx(network, progress); }},
    Interpreter{"state_dict", [](const ModelFile &) { return true; }, listStateDict, recoverStateDict},
};

} // namespace

const Interpreter &interpreterOf(const ModelFile &file)
{
    return *std::ranges::find_if(kInterpreters, [&](const Interpreter &row) { return row.recognises(file); });
}

} // namespace quantscope
