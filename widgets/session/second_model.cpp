#include "session/second_model.h"

#include "graph/tensor_files.h"
#include "items/text.h"
#include "session/session.h"

#include <QFileInfo>

using namespace Qt::StringLiterals;

namespace quantscope {

static Result<std::shared_ptr<const ModelComparison>> comparedModels(const std::shared_ptr<const Network> &a,
    const std::shared_ptr<const Network> &b, const QStringList &rules, const Progress &progress)
{
    std::vector<Rename> renames;
    for (const QString &rule : rules) {
        auto rename = parseRename(str(rule));
        if (!rename)
            return tl::unexpected(rename.error());
        renames.push_back(*std::move(rename));
    }
    auto diff = diffOf(*a, *b, renames, progress);
    if (!diff)
        return tl::unexpected(diff.error());
    auto layers = layerChanges(*diff);
    return std::make_shared<const ModelComparison>(ModelComparison{a, b, *std::move(diff), std::move(layers)});
}

/// NEW=OLD: each side has as many stars as the other.
static QStringList turnedRound(const QStringList &rules)
{
    QStringList out;
    for (const QString &rule : rules)
        if (const auto rename = parseRename(str(rule)))
            out << qs(rename->to) + u'=' + qs(rename->from);
    return out;
}

SecondModel::SecondModel(Session &session)
    : m_session(session)
{
    connect(&session, &Session::stateChanged, this, &SecondModel::onState);
    connect(&session, &Session::networkChanged, this, &SecondModel::onNetwork);
    connect(&m_files, &WatchedFiles::changed, this, [this] {
        m_changedOnDisk = true;
        Q_EMIT changed();
    });
}

QString SecondModel::name() const { return shownText(QFileInfo(m_source.path).fileName()); }

std::shared_ptr<const ModelComparison> SecondModel::comparison() const
{
    return m_comparison && m_comparison->a == m_session.network() ? m_comparison : nullptr;
}

void SecondModel::open(const QString &path)
{
    if (!m_session.network())
        return;
    m_session.proposals().leaveSecond(m_source.path);
    m_renames.clear();
    start(ModelSource::of(path, {}));
}

void SecondModel::close()
{
    if (!isOpen())
        return;
    drop();
    m_session.proposals().leaveSecond(m_source.path);
    m_source = {};
    m_renames.clear();
    m_swap.reset();
    Q_EMIT changed();
    Q_EMIT progress({}, 1000);
}

void SecondModel::drop()
{
    m_opening.cancel();
    m_recovering.cancel();
    m_comparing.cancel();
    m_statistics.cancel();
    m_statistics.setNetwork(nullptr);
    m_network.reset();
    m_comparison.reset();
    m_comparedFor.reset();
    m_problem.clear();
    m_files.clear();
    m_changedOnDisk = false;
}

void SecondModel::start(const ModelSource &source)
{
    m_source = ModelSource(source);
    m_firstPath = m_session.path();
    drop();
    m_files.add({m_source.path, m_source.recipeFile()});
    Q_EMIT changed();
    const QString reading = tr("reading %1").arg(name());
    Q_EMIT progress(reading, 0);
    m_opening.start([path = str(m_source.path), part = str(m_source.part), recipe = m_source.recipeSource()](
                        const Progress &progress) { return openAndList(path, part, recipe, progress); },
        [this](Result<std::shared_ptr<const ListedModel>> result) {
            if (!result)
                return fail(result.error());
            recover((*result)->opened);
        },
        [this, reading](int permille) { Q_EMIT progress(reading, permille); });
}

void SecondModel::recover(const OpenedModel &opened)
{
    const QString recovering = tr("computing the quantizers of %1").arg(name());
    m_recovering.start([opened](const Progress &progress) { return recoverOpened(opened, progress); },
        [this](Result<std::shared_ptr<const RecoveredModel>> result) {
            if (!result)
                return fail(result.error());
            m_network = (*result)->network;
            m_files.add(tensorFiles(*m_network->file));
            for (const MatchedExport &beside : (*result)->opened.exports())
                m_files.add({qs(beside.network.file->path)});
            m_statistics.setNetwork(m_network, false);
            compare();
        },
        [this, recovering](int permille) { Q_EMIT progress(recovering, permille); });
}

/// Of what is shown with what was read: both are held by the result.
void SecondModel::compare()
{
    const auto first = m_session.state() == Session::State::Ready ? m_session.network() : nullptr;
    if (!m_network || !first || first == m_comparedFor)
        return;
    m_comparedFor = first;
    m_comparison.reset();
    m_problem.clear();
    Q_EMIT changed();
    const QString comparing = tr("comparing with %1").arg(name());
    Q_EMIT progress(comparing, 0);
    m_comparing.start([first, second = m_network, rules = m_renames](
                          const Progress &progress) { return comparedModels(first, second, rules, progress); },
        [this](Result<std::shared_ptr<const ModelComparison>> result) {
            if (!result)
                return fail(result.error());
            m_comparison = *std::move(result);
            Q_EMIT changed();
            Q_EMIT progress({}, 1000);
        },
        [this, comparing](int permille) { Q_EMIT progress(comparing, permille); });
}

void SecondModel::fail(const Error &error)
{
    m_problem = shownText(error.text());
    Q_EMIT changed();
    Q_EMIT progress({}, 1000);
}

void SecondModel::cancel()
{
    if (!running())
        return;
    m_opening.cancel();
    m_recovering.cancel();
    m_comparing.cancel();
    m_problem = tr("stopped");
    Q_EMIT changed();
    Q_EMIT progress({}, 1000);
}

void SecondModel::tryAgain()
{
    if (!isOpen() || running())
        return;
    if (!m_network || m_changedOnDisk)
        return start(ModelSource(m_source));
    m_comparedFor.reset();
    compare();
}

QString SecondModel::setRenames(const QStringList &rules)
{
    for (const QString &rule : rules)
        if (const auto rename = parseRename(str(rule)); !rename)
            return shownText(rename.error().message);
    m_renames = rules;
    m_comparing.cancel();
    m_comparedFor.reset();
    compare();
    return {};
}

void SecondModel::useRecipe(RecipeChoice choice, const QString &path)
{
    if (!isOpen())
        return;
    const ModelSource source = m_source.withRecipe(choice, path);
    source.rememberChoice();
    start(source);
}

QStringList SecondModel::parts() const { return m_network ? partsOf(*m_network->file) : QStringList(); }

int SecondModel::shownPart() const { return m_network ? shownPartOf(*m_network->file) : -1; }

void SecondModel::usePart(int part)
{
    const auto names = m_network ? m_network->file->weightParts() : std::vector<std::string>();
    if (part < 0 || part >= static_cast<int>(names.size()) || part == shownPart())
        return;
    ModelSource source = m_source;
    source.part = qs(names[static_cast<std::size_t>(part)]);
    m_session.proposals().leaveSecond(m_source.path);
    start(source);
}

/// The names of the selected layers in the second.
QStringList SecondModel::selectedInSecond() const
{
    const auto known = comparison();
    QStringList out;
    for (const QString &name : m_session.selectedLayers()) {
        const Layer *layer = m_session.network()->layer(str(name));
        const LayerChange *change = known && layer ? known->of(layer->id) : nullptr;
        out << (change && change->b ? qs(known->b->layer(*change->b).name) : name);
    }
    return out;
}

void SecondModel::swap()
{
    if (!isOpen() || m_session.state() != Session::State::Ready || !m_session.mayDiscard())
        return;
    m_swap = Swap{m_session.network(), m_session.source(), turnedRound(m_renames), selectedInSecond()};
    m_session.openAs(m_source);
}

bool SecondModel::takesItsPlace() const
{
    return m_swap && m_session.state() == Session::State::Listed && m_session.path() == m_source.path;
}

/// What was to be shown instead cannot be opened, or somebody stopped it.
void SecondModel::onState()
{
    if (m_swap && m_session.state() != Session::State::Loading && m_session.network() == m_swap->shown)
        m_swap.reset();
}

void SecondModel::onNetwork()
{
    if (!isOpen())
        return;
    const bool opened = m_session.state() == Session::State::Listed; // or read again
    if (takesItsPlace())
        return finishSwap();
    if (!m_session.network() || m_session.path() != m_firstPath)
        return close();
    if (opened)
        start(m_source);
    else
        compare();
}

void SecondModel::finishSwap()
{
    const Swap swap = *std::exchange(m_swap, std::nullopt);
    m_renames = swap.renames;
    m_session.proposals().changePlaces();
    QStringList selected = swap.selected;
    selected.removeIf([this](const QString &name) { return !m_session.network()->layer(str(name)); });
    if (swap.selected.isEmpty() || !selected.isEmpty())
        m_session.selectLayers(selected);
    start(swap.first);
}

} // namespace quantscope
