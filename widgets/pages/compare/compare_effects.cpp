#include "pages/compare/compare_effects.h"

#include "items/compare_model.h"
#include "items/text.h"
#include "run/activation_compare.h"
#include "session/session.h"

using namespace Qt::StringLiterals;

namespace quantscope {

std::vector<EffectStore::Wanted> wantedEffects(const LabStore &lab, const std::vector<CompareColumn> &columns)
{
    std::vector<EffectStore::Wanted> out;
    // The errors of activations come from these runs.
    const auto promising
        = orderedColumns(columns, lab.isActivation() ? CompareFigure::Exact : CompareFigure::Sqnr, false);
    for (const std::size_t at : promising) {
        EffectStore::Wanted wanted{columns[at].name, {}};
        for (const SlotChoice &choice : lab.choices(wanted.candidate)) {
            SlotSettings settings;
            settings.preset = choice.preset;
            settings.overrides = choice.overrides;
            wanted.choices.push_back(choiceText(choice.layer, choice.slot, settings));
        }
        out.push_back(std::move(wanted));
    }
    return out;
}

std::vector<SlotId> wantedFlows(const LabStore &lab)
{
    std::vector<SlotId> out;
    if (lab.isActivation())
        for (const std::string &layer : lab.layers())
            out.push_back({lab.network()->layer(layer)->id, lab.slot()});
    return out;
}

static std::shared_ptr<const CandidateResult> withFlow(
    const CandidateResult &result, LayerId layer, const CandidateEffect *effect)
{
    auto out = std::make_shared<CandidateResult>(result);
    if (!effect || !effect->problem.empty()) {
        out->note = effect ? effect->problem : "not run yet";
        return out;
    }
    const auto flow = std::ranges::find(effect->flows, std::optional(layer), &LayerFlow::id);
    takeFlow(*out, flow == effect->flows.end() ? nullptr : &*flow);
    return out;
}

/// The lab's results; those of activations with the figures of what flowed into them, as far as they ran.
static std::vector<std::pair<std::string, LabStore::Results>> resultsOnData(
    const LabStore &lab, const EffectStore &effects)
{
    auto out = lab.named();
    if (!lab.isActivation())
        return out;
    for (auto &[name, candidate] : out)
        for (std::size_t i = 0; i < candidate.size(); ++i)
            candidate[i] = withFlow(*candidate[i], lab.network()->layer(lab.layers()[i])->id, effects.effect(name));
    return out;
}

static void takeEffects(std::vector<CompareColumn> &columns, const EffectStore &effects)
{
    for (CompareColumn &column : columns) {
        const CandidateEffect *effect = effects.effect(column.name);
        if (effect && effect->problem.empty())
            column.effect = effect->effect;
        else if (effect)
            column.effectNote = shownText(effect->problem);
        else if (!effects.problem().empty() || effects.isStopped())
            column.effectNote = effects.isStopped() ? u"stopped before it was run"_s : shownText(effects.problem());
    }
}

std::vector<CompareColumn> columnsOnData(const LabStore &lab, const EffectStore &effects, bool exactOnly)
{
    std::vector<CompareColumn> columns;
    for (const auto &[name, results] : resultsOnData(lab, effects)) {
        CompareColumn &column = columns.emplace_back(compareColumns({results}).front());
        if (name == column.name)
            continue;
        if (column.title == qs(column.name)) // the first layer's ap_fixed
            column.title = qs(name).section(u',', 0, -2);
        column.subtitle += QObject::tr(" · own widths");
        column.name = name;
    }
    if (exactOnly)
        std::erase_if(
            columns, [&](const CompareColumn &column) { return column.name != "file" && !column.fixedExact; });
    takeEffects(columns, effects);
    return columns;
}

int suggestedColumn(const CompareModel &model)
{
    int best = -1;
    for (int column = 1; column < model.columnCount(); ++column) {
        const CompareColumn &shown = model.column(column);
        if (!shown.fixedExact || !shown.hasErrors || shown.width != model.column(0).width)
            continue;
        if (best < 0 || shown.number(CompareFigure::Sqnr) > model.column(best).number(CompareFigure::Sqnr))
            best = column;
    }
    return best > 0 ? best : model.columnCount() > 1 ? 1 : 0;
}

QString whyNoFlow(Session &session)
{
    return QObject::tr("Activations are compared by what flows into them: %1.")
        .arg(!session.runs().data()        ? QObject::tr("choose data first (Ctrl+D)")
                : session.runs().running() ? QObject::tr("the network is being run on data")
                                           : QObject::tr("run the network on data first (F9)"));
}

QString effectsText(const EffectStore &effects)
{
    if (effects.awaitsRun())
        return u"on data: the network is run as it is, then each candidate"_s;
    if (!effects.hasData() && effects.isStopped())
        return u"on data: stopped before the network was run"_s;
    if (!effects.problem().empty())
        return u"▲ on data: "_s + shownText(effects.problem());
    const EffectStore::Count count = effects.count();
    return count.total == 0 || count.done == count.total
        ? QString()
        : u"on data: %1 of %2 candidates run"_s.arg(count.done).arg(count.total)
            + (effects.isStopped() ? u", stopped"_s : QString());
}

} // namespace quantscope
