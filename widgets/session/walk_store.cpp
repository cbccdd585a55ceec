#include "session/walk_store.h"

#include "dialects/brevitas/facts.h"
#include "lab/compare.h"
#include "lab/families.h"
#include "recipe/recipe_toml.h"
#include "run/data_effect.h"
#include "session/run_store.h"
#include "session/session.h"

#include <algorithm>

namespace quantscope {

static constexpr std::size_t kKeptWalks = 4;
static constexpr int kLookEvery = 100; // milliseconds

WalkStore::WalkStore(Session &session)
    : m_session(session)
{
    m_looking.setInterval(kLookEvery);
    connect(&m_looking, &QTimer::timeout, this, &WalkStore::takeLatest);
    connect(&session, &Session::networkChanged, this, &WalkStore::onSession);
    connect(&session.runs(), &RunStore::dataChanged, this, &WalkStore::onSession);
    connect(&session.runs(), &RunStore::resultChanged, this, &WalkStore::onSession);
}

WalkStore::~WalkStore() = default; // what it posted ends with it

bool WalkStore::Basis::operator==(const Basis &other) const
{
    return request.model == other.request.model && request.data == other.request.data && file == other.file
        && low == other.low && high == other.high && over == other.over;
}

std::optional<WalkStore::Basis> WalkStore::basisNow() const
{
    if (!m_session.runs().canRun() || !m_session.network() || m_low == 0)
        return std::nullopt;
    Basis out;
    out.request = m_session.runs().request();
    out.request.model.recipe.reset();
    out.request.model.recipeText = recipeText(m_session.recipe());
    out.file = m_session.network()->file;
    out.low = m_low;
    out.high = m_high;
    out.over = m_over;
    return out;
}

bool WalkStore::hasData() const { return m_basis.has_value(); }

WalkStore::Known *WalkStore::known()
{
    const auto found = std::ranges::find_if(m_known, [this](const Known &k) { return m_basis == k.basis; });
    return found == m_known.end() ? nullptr : &*found;
}

const WalkStore::Known *WalkStore::known() const { return const_cast<WalkStore *>(this)->known(); }

/// Each width of the family that is nearest to what a layer has.
static Result<std::vector<SweepPoint>> weightWidths(const Network &network, int low, int high, const Progress &progress)
{
    const auto facts = gatherFacts(network);
    std::vector<SlotComparison> compared;
    for (const std::string &name : comparableLayers(network, Slot::Weight)) {
        const SlotQuantizer &slot = *network.layer(name)->slot(Slot::Weight);
        const auto family = slot.quantizer ? parseCandidate(std::string(ownFamily(slot))) : tl::unexpected(Error{});
        if (!family) // a float layer has no place of its own in every graph
            continue;
        auto one = compareCandidatesWith(network, facts, {name}, atWidths({*family}, low, high),
            {.slot = Slot::Weight, .hash = false, .skipUnavailable = true}, progress);
        if (!one)
            return tl::unexpected(one.error());
        compared.push_back(std::move(one->front()));
    }
    return sweepPoints(compared);
}

static Result<ActivationWidths> ownWidths(
    const Network &network, int low, int high, WalkOver over, const Progress &progress)
{
    ActivationWidths out;
    if (over != WalkOver::Weights) {
        auto activations = activationWidths(network, {}, low, high);
        if (!activations)
            return activations;
        out = std::move(*activations);
    }
    if (over != WalkOver::Activations) {
        const auto weights = weightWidths(network, low, high, progress);
        if (!weights)
            return tl::unexpected(weights.error());
        out.points.insert(out.points.begin(), weights->begin(), weights->end());
    }
    return out;
}

void WalkStore::prepare(int low, int high, WalkOver over)
{
    if (low != m_low || high != m_high || over != m_over) {
        m_low = low;
        m_high = high;
        m_over = over;
        onSession();
    }
    if (!m_basis || known() || m_preparing.running() || !m_problem.empty())
        return;
    m_preparing.start([network = m_session.network(), low, high, over](
                          const Progress &progress) { return ownWidths(*network, low, high, over, progress); },
        [this, basis = *m_basis](Result<ActivationWidths> widths) {
            if (!widths) {
                m_problem = widths.error().text();
            } else {
                if (m_known.size() == kKeptWalks)
                    m_known.erase(m_known.begin());
                m_known.push_back({basis, std::make_shared<const std::vector<SweepPoint>>(std::move(widths->points)),
                    std::move(widths->missing), {}, 0});
            }
            Q_EMIT changed();
        });
}

void WalkStore::onSession()
{
    auto now = basisNow();
    if (now == m_basis)
        return;
    cancel();
    m_problem.clear();
    m_basis = std::move(now);
    Q_EMIT changed();
}

WalkStore::Points WalkStore::points() const { return known() ? known()->points : nullptr; }

WalkCount WalkStore::count() const { return points() ? walkCount(*points()) : WalkCount{0, 0, 0}; }

const WidthWalk *WalkStore::walk() const { return known() && known()->walk ? &*known()->walk : nullptr; }

std::size_t WalkStore::done() const { return known() ? known()->done : 0; }

std::vector<std::string> WalkStore::missing() const
{
    std::vector<std::string> out = known() ? known()->missing : std::vector<std::string>();
    const WidthWalk *walked = walk();
    for (std::size_t i = 0; walked && i < walked->bits.size(); ++i)
        if (const std::string &layer = (*points())[i].layer;
            walked->bits[i] == 0 && (out.empty() || out.back() != layer))
            out.push_back(layer);
    return out;
}

bool WalkStore::running() const { return m_session.runs().queue().busy(this); }

void WalkStore::start()
{
    if (!points() || points()->empty() || running())
        return;
    if (m_session.changedOnDisk()) {
        m_problem = "the model, its recipe or its export changed on disk since it was read: reload it (F5)";
        Q_EMIT changed();
        return;
    }
    m_problem.clear();
    known()->walk.reset();
    known()->done = 0;
    m_latest = std::make_shared<Latest>();
    m_session.runs().queue().post<WidthWalk>(
        this,
        [request = m_basis->request, network = m_session.network(), points = points(), latest = m_latest](
            RunClient &client, const Progress &progress) {
            const auto show = [&](const WidthWalk &walk) {
                const std::lock_guard lock(latest->mutex);
                latest->walk = walk;
                ++latest->done;
            };
            return measureWalk(client, request, *points, progress, show,
                [&](const RunResult &own) { return bitsOnData(*network, *points, own); });
        },
        [this, basis = *m_basis](Result<WidthWalk> walk) { finish(basis, std::move(walk)); });
    m_looking.start();
    Q_EMIT changed();
}

void WalkStore::takeLatest()
{
    if (!m_latest || !known())
        return;
    std::unique_lock lock(m_latest->mutex);
    if (!m_latest->walk)
        return;
    known()->walk = std::exchange(m_latest->walk, std::nullopt);
    known()->done = m_latest->done;
    lock.unlock();
    Q_EMIT changed();
}

void WalkStore::finish(const Basis &basis, Result<WidthWalk> walk)
{
    takeLatest();
    m_looking.stop();
    m_latest.reset();
    if (!walk)
        m_problem = walk.error().text();
    for (Known &k : m_known)
        if (walk && k.basis == basis)
            k.walk = std::move(*walk);
    Q_EMIT changed();
}

void WalkStore::cancel()
{
    m_preparing.cancel();
    if (!running())
        return;
    takeLatest();
    m_looking.stop();
    m_latest.reset();
    m_session.runs().queue().cancel(this);
    Q_EMIT changed();
}

} // namespace quantscope
