#include "pages/overview/batch_norm_bar.h"

#include "base/text.h"
#include "dialects/brevitas/spec.h"
#include "items/text.h"
#include "session/session.h"

#include <QBoxLayout>
#include <QPushButton>

using namespace Qt::StringLiterals;

namespace quantscope {

BatchNormBar::BatchNormBar(Session &session, QWidget *parent)
    : Card(parent, 10)
    , m_session(session)
    , m_text(plainLabel())
    , m_one(textButton({}, {}))
    , m_all(textButton({}, {}))
{
    setObjectName(u"batch-norm"_s);
    m_text->setWordWrap(true);
    m_one->setObjectName(u"merge-batch-norm"_s);
    m_all->setObjectName(u"merge-batch-norms"_s);
    auto *row = new QHBoxLayout;
    row->setSpacing(10);
    row->addWidget(m_text, 1);
    row->addWidget(m_one);
    row->addWidget(m_all);
    box()->addLayout(row);
    connect(m_one, &QPushButton::clicked, this, [this] { toggle(false); });
    connect(m_all, &QPushButton::clicked, this, [this] { toggle(true); });
    hide();
}

/// Layers in the same state as the one shown.
static QStringList likeIt(const Network &network, const Layer &shown)
{
    QStringList names;
    for (const Layer &layer : network.layers)
        if (!layer.batchNorm.empty() && layer.batchNormMerged == shown.batchNormMerged)
            names << qs(layer.name);
    return names;
}

void BatchNormBar::toggle(bool all)
{
    const Layer *layer = m_session.currentLayer();
    if (layer)
        m_session.setBatchNormsMerged(
            all ? likeIt(*m_session.network(), *layer) : QStringList(qs(layer->name)), !layer->batchNormMerged);
}

void BatchNormBar::refresh()
{
    const Layer *layer = m_session.presetsApply() ? m_session.currentLayer() : nullptr;
    const bool shown = layer && !layer->batchNorm.empty();
    setVisible(shown);
    if (!shown)
        return;
    const QString norm = shownText(layer->batchNorm);
    const qsizetype count = likeIt(*m_session.network(), *layer).size();
    m_all->setVisible(count > 1);
    if (layer->batchNormMerged) {
        const RecipeLayer *entry = batchNormEntry(m_session.network()->recipe, layer->name);
        const double epsilon = entry ? entry->epsilon.value_or(1e-5) : 1e-5;
        m_text->setText(tr("Weights and bias are shown with the batch norm %1 merged.").arg(norm));
        m_text->setToolTip(
            plainTip(tr("w · γ / √(σ² + ε) along the output channels and b · γ / √(σ² + ε) + β − μ · γ / "
                        "√(σ² + ε), in float32 as Brevitas' merge_bn computes them; ε = %1")
                         .arg(qs(shortest(epsilon)))));
        m_one->setText(tr("Show stored weights"));
        m_all->setText(tr("All %1").arg(count));
        m_one->setToolTip(plainTip(tr("Takes batch_norm out of the recipe; it can be undone")));
    } else {
        m_text->setText(tr("The batch norm %1 follows and is not merged: these are the stored weights.").arg(norm));
        m_text->setToolTip(
            plainTip(tr("It stands directly behind this layer in the file and has as many channels as this "
                        "layer has outputs; a state_dict does not say more about what feeds what")));
        m_one->setText(tr("Show merged weights"));
        m_all->setText(tr("All %1").arg(count));
        m_one->setToolTip(plainTip(tr("Writes batch_norm = \"%1\" under [[layer]] of the recipe: weights, scale and "
                                      "codes become those after Brevitas' merge_bn; it can be undone")
                                       .arg(norm)));
    }
    m_all->setToolTip(plainTip(tr("The same for every layer that a batch norm follows")));
}

} // namespace quantscope
