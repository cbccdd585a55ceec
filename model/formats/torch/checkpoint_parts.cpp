#include "formats/torch/checkpoint_parts.h"

#include "base/text.h"
#include "formats/torch/known_names.h"

#include <algorithm>
#include <array>

namespace quantscope {

namespace {

constexpr std::size_t kMostParts = 64;
/// Parameters come first; a thousand entries without a tensor are something else.
constexpr std::size_t kLookedAt = 2000;

/// What training scripts call the weights that they load again, best first; of a GAN the generator, of a distillation
/// the student.
constexpr std::string_view kModelKeys[] = {"state_dict", "model_state_dict", "model", "net", "network", "module",
    "params", "student", "generator", "netG", "net_g", "G", "g", "ema", "model_ema", "ema_model", "state_dict_ema",
    "ema_state_dict", "params_ema", "teacher", "discriminator"};

/// What lies between a key and the parameters: {"ema": {"module": {...}, "decay": 0.99}}.
constexpr std::string_view kWrappers[] = {"state_dict", "model_state_dict", "model", "module", "params"};

class PartFinder {
public:
    PartFinder(const PickleTree &tree, const TensorBuilder &builder)
        : m_tree(tree)
        , m_builder(builder)
    {
    }

    /// All values at the top that may hold tensors.
    std::vector<ModelPart> parts(PickleRef root) const;

private:
    struct Entry {
        std::string name;
        PickleRef value;
    };
    std::vector<Entry> entriesOf(PickleRef root) const;
    bool isDictionary(PickleRef node) const;
    bool isModule(PickleRef node) const;
    bool holdsTensors(PickleRef node) const;
    bool isModelKey(std::string_view name) const { return std::ranges::find(kModelKeys, name) != std::end(kModelKeys); }
    bool looksNamed(PickleRef node) const;
    ModelPart part(const Entry &entry) const;

    const PickleTree &m_tree;
    const TensorBuilder &m_builder;
};

bool PartFinder::isDictionary(PickleRef node) const
{
    return m_tree.is(node, PickleKind::Dict)
        || (m_tree.is(node, PickleKind::Call) && callRole(m_tree.callableName(node)) == CallRole::Dictionary);
}

bool PartFinder::isModule(PickleRef node) const
{
    return m_tree.is(node, PickleKind::Object) && m_tree.state(node) != kNoPickleRef
        && m_tree.lookup(m_tree.state(node), "_modules") != kNoPickleRef;
}

bool PartFinder::holdsTensors(PickleRef node) const
{
    const auto pairs = m_tree.pairs(node);
    for (std::size_t i = 1; i < std::min(pairs.size(), kLookedAt); i += 2)
        if (m_builder.makesTensor(pairs[i]))
            return true;
    return false;
}

/// Some tensor is called as parameters are: by a path, or "weight".
bool PartFinder::looksNamed(PickleRef node) const
{
    const auto pairs = m_tree.pairs(node);
    for (std::size_t i = 0; i + 1 < std::min(pairs.size(), kLookedAt); i += 2) {
        const std::string_view key = m_tree.is(pairs[i], PickleKind::Text) ? m_tree.text(pairs[i]) : std::string_view();
        if ((key == "weight" || key.find('.') != key.npos) && m_builder.makesTensor(pairs[i + 1]))
            return true;
    }
    return false;
}

std::vector<PartFinder::Entry> PartFinder::entriesOf(PickleRef root) const
{
    std::vector<Entry> out;
    if (isDictionary(root)) {
        const auto pairs = m_tree.pairs(root);
        for (std::size_t i = 0; i + 1 < pairs.size() && out.size() < kMostParts; i += 2) {
            const bool holds = !m_tree.is(pairs[i + 1], PickleKind::None) && !m_builder.makesTensor(pairs[i + 1]);
            if (m_tree.is(pairs[i], PickleKind::Text) && isUtf8(m_tree.text(pairs[i])) && holds)
                out.push_back({std::string(m_tree.text(pairs[i])), pairs[i + 1]});
        }
    } else if (m_tree.is(root, PickleKind::List) || m_tree.is(root, PickleKind::Tuple)) {
        const auto items = m_tree.items(root);
        for (std::size_t i = 0; i < std::min(items.size(), kMostParts); ++i)
            out.push_back({std::to_string(i), items[i]});
    }
    return out;
}

ModelPart PartFinder::part(const Entry &entry) const
{
    ModelPart out{entry.name, entry.name + ".", isModule(entry.value)};
    PickleRef node = entry.value;
    for (std::size_t depth = 0; depth < std::size(kWrappers) && isDictionary(node) && !out.weights; ++depth) {
        out.weights = holdsTensors(node) && (looksNamed(node) || isModelKey(entry.name));
        const auto inner = std::ranges::find_if(kWrappers, [&](std::string_view key) {
            const PickleRef value = holdsTensors(node) ? kNoPickleRef : m_tree.lookup(node, key);
            return value != kNoPickleRef && (isDictionary(value) || isModule(value));
        });
        if (out.weights || inner == std::end(kWrappers))
            break;
        node = m_tree.lookup(node, *inner);
        out.prefix += std::string(*inner) + ".";
        out.weights = isModule(node);
    }
    if (!out.weights)
        out.prefix = entry.name + ".";
    return out;
}

std::vector<ModelPart> PartFinder::parts(PickleRef root) const
{
    std::vector<ModelPart> out;
    for (const Entry &entry : entriesOf(root))
        out.push_back(part(entry));
    return out;
}

std::optional<std::size_t> bestKnown(const std::vector<ModelPart> &parts)
{
    for (const std::string_view key : kModelKeys)
        for (std::size_t i = 0; i < parts.size(); ++i)
            if (parts[i].weights && parts[i].name == key)
                return i;
    return std::nullopt;
}

/// The first of two parts that are two sets of weights of one model, whatever they are called.
std::optional<std::size_t> firstOfTwins(const ModelFile &file)
{
    constexpr std::size_t kCompared = 8;
    std::vector<std::size_t> weights;
    for (std::size_t i = 0; i < file.parts.size() && weights.size() < kCompared; ++i)
        if (file.parts[i].weights)
            weights.push_back(i);
    for (std::size_t a = 0; a < weights.size(); ++a)
        for (std::size_t b = a + 1; b < weights.size(); ++b)
            if (haveSameLayers(file, file.parts[weights[a]], file.parts[weights[b]]))
                return weights[a];
    return std::nullopt;
}

} // namespace

void findParts(ModelFile &file, const PickleTree &tree, PickleRef root, const TensorBuilder &builder)
{
    file.parts = PartFinder(tree, builder).parts(root);
    std::erase_if(file.parts, [&](const ModelPart &part) {
        return std::ranges::none_of(
            file.tensors, [&](const TensorInfo &tensor) { return tensor.name.starts_with(part.prefix); });
    });
    file.shownPart = bestKnown(file.parts);
    if (!file.shownPart)
        file.shownPart = firstOfTwins(file);
    file.metadata["state_dict_root"] = file.shownPrefix();
}

} // namespace quantscope
