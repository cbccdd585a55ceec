#include "formats/torch/known_names.h"

namespace quantscope {

namespace {

struct Known {
    std::string_view name;
    CallRole role;
};

constexpr Known kCalls[] = {{"collections.OrderedDict", CallRole::Dictionary},
    {"collections.defaultdict", CallRole::Dictionary}, {"collections.Counter", CallRole::Dictionary},
    {"builtins.dict", CallRole::Dictionary}, {"builtins.list", CallRole::Sequence},
    {"builtins.tuple", CallRole::Sequence}, {"builtins.set", CallRole::Sequence},
    {"builtins.frozenset", CallRole::Sequence}, {"collections.deque", CallRole::Sequence},
    {"torch.jit._pickle.restore_type_tag", CallRole::Itself}, {"torch.jit._pickle.build_tensorlist", CallRole::Itself},
    {"torch.jit._pickle.build_intlist", CallRole::Itself}, {"torch.jit._pickle.build_doublelist", CallRole::Itself},
    {"torch.jit._pickle.build_boollist", CallRole::Itself}, {"copyreg._reconstructor", CallRole::Reconstructor},
    {"copy_reg._reconstructor", CallRole::Reconstructor}, {"torch._tensor._rebuild_from_type_v2", CallRole::Subclass},
    {"torch._tensor._rebuild_from_type", CallRole::Subclass},
    {"torch.fx.graph_module.reduce_graph_module", CallRole::GraphModule}, {"torch.Size", CallRole::Value},
    {"torch.device", CallRole::Value}, {"torch.serialization._get_layout", CallRole::Value},
    {"torch._utils._get_layout", CallRole::Value}, {"builtins.slice", CallRole::Value},
    {"builtins.range", CallRole::Value}, {"builtins.xrange", CallRole::Value}, {"builtins.complex", CallRole::Value},
    {"builtins.bytearray", CallRole::Value}, {"builtins.bytes", CallRole::Value}, {"_codecs.encode", CallRole::Value},
    {"numpy.dtype", CallRole::Value}, {"pathlib.PosixPath", CallRole::Value}, {"pathlib.WindowsPath", CallRole::Value},
    {"pathlib.PurePosixPath", CallRole::Value}, {"datetime.datetime", CallRole::Value},
    {"datetime.timedelta", CallRole::Value}, {"uuid.UUID", CallRole::Value}};

constexpr std::string_view kPlainPackages[] = {"torch.nn.", "torch.ao.", "torch.quantization.", "torch.optim.",
    "torch.jit.", "torch.fx.", "__torch__.", "collections.", "argparse.", "builtins.object"};

} // namespace

CallRole callRole(std::string_view name)
{
    for (const Known &known : kCalls)
        if (known.name == name)
            return known.role;
    return CallRole::Unknown;
}

bool isPlainType(std::string_view name)
{
    for (const std::string_view package : kPlainPackages)
        if (name.starts_with(package))
            return true;
    return name == "torch.ScriptObject" || name == "types.SimpleNamespace";
}

bool isSparseRebuild(std::string_view name)
{
    return name == "torch._utils._rebuild_sparse_tensor" || name == "torch._utils._rebuild_sparse_csr_tensor";
}

std::vector<std::string_view> sparsePartNames(std::string_view rebuild, std::string_view layout)
{
    if (layout.ends_with("sparse_csc") || layout.ends_with("sparse_bsc"))
        return {"ccol_indices", "row_indices", "values"};
    const bool isCompressed = layout.ends_with("sparse_csr") || layout.ends_with("sparse_bsr");
    if (isCompressed || rebuild == "torch._utils._rebuild_sparse_csr_tensor")
        return {"crow_indices", "col_indices", "values"};
    return {"indices", "values"};
}

} // namespace quantscope
