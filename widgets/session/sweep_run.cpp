#include "session/sweep_run.h"

#include "items/text.h"
#include "lab/compare.h"

#include <algorithm>

using namespace Qt::StringLiterals;

namespace quantscope {

std::vector<std::string> defaultFamilies()
{
    return {"Int8WeightPerChannelFloat", "Int8WeightPerTensorFloat", "Int8WeightPerTensorFixedPoint"};
}

std::vector<std::string> sweepFamilies()
{
    std::vector<std::string> families = defaultFamilies();
    for (const char *more : {"Int8WeightPerChannelFixedPoint", "ShiftedUint8WeightPerTensorFloat",
             "ShiftedUint8WeightPerChannelFloat", "torch_per_tensor_affine", "torch_per_channel_affine"})
        families.emplace_back(more);
    return families;
}

QString familyTitle(const std::string &family)
{
    static const std::map<std::string, QString> titles{{"Int8WeightPerChannelFloat", u"per channel, float"_s},
        {"Int8WeightPerTensorFloat", u"per tensor, float"_s},
        {"Int8WeightPerTensorFixedPoint", u"per tensor, fixed point"_s},
        {"Int8WeightPerChannelFixedPoint", u"per channel, fixed point"_s},
        {"ShiftedUint8WeightPerTensorFloat", u"per tensor, shifted"_s},
        {"ShiftedUint8WeightPerChannelFloat", u"per channel, shifted"_s},
        {"torch_per_tensor_affine", u"per tensor, PyTorch"_s}, {"torch_per_channel_affine", u"per channel, PyTorch"_s}};
    const auto found = titles.find(family);
    return found == titles.end() ? qs(family) : found->second;
}

std::vector<std::string> SweepRun::weightLayers(const Network &network)
{
    return comparableLayers(network, Slot::Weight);
}

std::uint64_t SweepRun::elements(const Network &network, const std::vector<std::string> &layers)
{
    std::uint64_t count = 0;
    for (const std::string &name : layers)
        count += network.layer(name)->slot(Slot::Weight)->tensor->count();
    return count;
}

void SweepRun::setBasis(std::shared_ptr<const Network> network, const SweepSettings &settings)
{
    const std::string basis = network
        ? network->recipe.brevitas.value_or(std::string()) + "\n" + network->recipe.path + "\n" + network->recipe.sha256
        : std::string();
    const auto file = network ? network->file : nullptr;
    const bool same = file == m_file && basis == m_basis && settings == m_settings;
    m_network = std::move(network);
    if (same)
        return;
    m_task.cancel();
    m_queue.clear();
    m_known.clear();
    m_problem.clear();
    m_file = file;
    m_basis = basis;
    m_settings = settings;
}

void SweepRun::request(const std::vector<std::string> &layers)
{
    for (auto name = layers.rbegin(); name != layers.rend(); ++name) {
        if (m_known.contains(*name))
            continue;
        std::erase(m_queue, *name);
        m_queue.push_front(*name);
    }
    next();
}

void SweepRun::next()
{
    while (!m_queue.empty() && m_known.contains(m_queue.front()))
        m_queue.pop_front();
    if (m_task.running() || m_queue.empty() || !m_network || m_settings.families.empty())
        return;
    const std::string layer = m_queue.front();
    m_queue.pop_front();
    m_task.start(
        [network = m_network, layer, settings = m_settings](
            const Progress &progress) -> Result<std::vector<SweepPoint>> {
            std::vector<CandidateText> candidates;
            for (const std::string &family : settings.families)
                if (auto candidate = parseCandidate(family))
                    candidates.push_back(std::move(*candidate));
            auto compared = compareCandidates(*network, {layer}, atWidths(candidates, settings.low, settings.high),
                {.slot = Slot::Weight, .hash = false, .skipUnavailable = true}, progress);
            if (!compared)
                return tl::unexpected(compared.error());
            return sweepPoints(*compared);
        },
        [this, layer](Result<std::vector<SweepPoint>> points) {
            m_known[layer]
                = points ? std::move(*points) : std::vector<SweepPoint>{}; // one that failed is not tried again
            if (!points)
                m_problem = qs(layer) + u": "_s + qs(points.error().message);
            next();
            Q_EMIT changed();
        });
}

std::vector<SweepPoint> SweepRun::points(const std::vector<std::string> &layers) const
{
    std::vector<SweepPoint> all;
    for (const std::string &layer : layers)
        if (const auto found = m_known.find(layer); found != m_known.end())
            all.insert(all.end(), found->second.begin(), found->second.end());
    return all;
}

std::size_t SweepRun::known(const std::vector<std::string> &layers) const
{
    return static_cast<std::size_t>(std::count_if(
        layers.begin(), layers.end(), [this](const std::string &layer) { return m_known.contains(layer); }));
}

void SweepRun::cancel()
{
    m_task.cancel();
    m_queue.clear();
    Q_EMIT changed();
}

} // namespace quantscope
