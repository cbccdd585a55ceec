#include "recipe/layer_match.h"

#include "base/text.h"

namespace quantscope {

namespace {

constexpr std::string_view kCompiled = "_orig_mod.", kParallel = "module.";

bool isWrapped(std::string_view name)
{
    return name.starts_with(kParallel) || name.find(kCompiled) != std::string_view::npos;
}

} // namespace

std::string withoutWrappers(std::string_view name)
{
    std::string out(name);
    for (std::size_t at = 0; (at = out.find(kCompiled, at)) != std::string::npos;)
        if (at == 0 || out[at - 1] == '.')
            out.erase(at, kCompiled.size());
        else
            at += kCompiled.size();
    while (out.starts_with(kParallel))
        out.erase(0, kParallel.size());
    return out;
}

bool matchesLayer(std::string_view match, std::string_view layer)
{
    if (globMatch(match, layer))
        return true;
    return (isWrapped(match) || isWrapped(layer)) && globMatch(withoutWrappers(match), withoutWrappers(layer));
}

bool namesLayer(std::string_view match, std::string_view layer)
{
    if (globNames(match, layer))
        return true;
    return (isWrapped(match) || isWrapped(layer)) && globNames(withoutWrappers(match), withoutWrappers(layer));
}

} // namespace quantscope
