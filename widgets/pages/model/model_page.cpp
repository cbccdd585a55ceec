#include "pages/model/model_page.h"

#include "items/text.h"
#include "look/controls.h"
#include "look/flow_layout.h"
#include "look/names.h"
#include "look/theme.h"
#include "pages/model/bits_bar.h"
#include "session/session.h"

#include <QBoxLayout>
#include <QFileInfo>
#include <QGridLayout>
#include <QPushButton>

using namespace Qt::StringLiterals;

namespace quantscope {

static constexpr int kDrawEvery = 200; // ms

ModelPage::ModelPage(Session &session, QWidget *parent)
    : Page(session, parent)
    , m_title(titleLabel({}, 1.45))
    , m_facts(dimLabel())
    , m_bits(new BitsBar)
{
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(18, 12, 18, 12);
    column->setSpacing(12);
    m_title->setObjectName(u"model-title"_s);
    m_facts->setObjectName(u"model-facts"_s);
    m_facts->setWordWrap(true);
    column->addWidget(m_title);
    column->addWidget(m_facts);
    auto *bits = new Card;
    bits->box()->addWidget(titleLabel(tr("Bits by layer")));
    bits->box()->addWidget(m_bits);
    column->addWidget(bits);
    auto *lists = new QHBoxLayout;
    lists->setSpacing(12);
    m_noisiest = makeList(tr("Lowest SQNR"), tr("of the weights against the floats in the file"), u"noisiest"_s);
    m_saturated = makeList(
        tr("Most at the limits"), tr("share of the weights whose code is an end of the range"), u"saturated"_s);
    m_wasteful = makeList(tr("Most unused codes"), tr("codes of the range that no weight has"), u"wasteful"_s);
    for (Card *list : {m_noisiest, m_saturated, m_wasteful})
        lists->addWidget(list, 1);
    column->addLayout(lists);
    column->addWidget(makeNext());
    column->addStretch(1);
    m_arriving.setSingleShot(true);
    connect(&m_arriving, &QTimer::timeout, this, &ModelPage::schedule);
    connect(&session.statistics(), &StatisticsStore::ready, this, [this] {
        if (isVisible() && !m_arriving.isActive())
            m_arriving.start(kDrawEvery);
    });
    connect(m_bits, &BitsBar::activated, this, [this](const QString &layer) { this->session().selectLayers({layer}); });
}

/// A layer's name to click on: where it is too long, the part stays that tells it from others.
class NameLink : public QPushButton {
public:
    explicit NameLink(const QString &name)
        : m_name(name)
    {
        setProperty("link", true);
        setAutoDefault(true);
        setAccessibleName(name);
        setToolTip(plainTip(name));
        setMinimumWidth(40);
        setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
        setText(shortcutFree(name));
    }

protected:
    void resizeEvent(QResizeEvent *event) override
    {
        QPushButton::resizeEvent(event);
        static constexpr int kPadding = 18;
        setText(shortcutFree(elidedName(fontMetrics(), m_name, width() - kPadding)));
    }

private:
    static QString shortcutFree(QString name) { return name.replace(u'&', u"&&"_s); }
    QString m_name;
};

Card *ModelPage::makeList(const QString &title, const QString &tip, const QString &name)
{
    auto *card = new Card;
    card->setObjectName(u"model-"_s + name);
    card->setToolTip(plainTip(tip));
    card->box()->addWidget(titleLabel(title));
    auto *rows = new QWidget;
    new QGridLayout(rows);
    rows->layout()->setContentsMargins(0, 0, 0, 0);
    card->box()->addWidget(rows);
    card->box()->addStretch(1);
    return card;
}

void ModelPage::fillList(Card &list, const std::vector<RankedLayer> &layers)
{
    auto *grid = static_cast<QGridLayout *>(list.box()->itemAt(1)->widget()->layout());
    while (QLayoutItem *item = grid->takeAt(0)) {
        item->widget()->deleteLater();
        delete item;
    }
    grid->setColumnStretch(0, 1);
    int row = 0;
    for (const RankedLayer &ranked : layers) {
        auto *link = new NameLink(shownText(ranked.layer));
        connect(link, &QPushButton::clicked, this, [this, name = ranked.layer] { session().selectLayers({name}); });
        grid->addWidget(link, row, 0);
        grid->addWidget(monoLabel(ranked.value), row++, 1, Qt::AlignRight);
    }
    if (layers.empty())
        grid->addWidget(dimLabel(session().statistics().idle() ? tr("none") : tr("being computed…")), 0, 0);
}

QWidget *ModelPage::makeNext()
{
    auto *card = new Card;
    card->box()->addWidget(titleLabel(tr("What next")));
    auto *row = new FlowLayout(nullptr, 8);
    const std::tuple<QString, QString, void (ModelPage::*)()> ways[] = {
        {tr("Look at the recipe"), tr("Which quantizers are in force, and who says so"), &ModelPage::recipeRequested},
        {tr("Export all layers"), tr("Selects every layer, for hardware"), &ModelPage::exportRequested},
        {tr("Run on data"),
            tr("What flows between layers, what saturates, accuracy; asks for data where none are chosen"),
            &ModelPage::runRequested}};
    for (const auto &[text, tip, signal] : ways) {
        auto *button = textButton(text, tip);
        connect(button, &QPushButton::clicked, this, signal);
        row->addWidget(button);
    }
    card->box()->addLayout(row);
    return card;
}

void ModelPage::refresh()
{
    const auto network = session().network();
    const ModelSummary summary = modelSummary(session().inspection());
    m_title->setText(shownText(QFileInfo(session().path()).fileName()));
    m_facts->setText(network ? QStringList{qs(traitsOf(network->dialect).name), qs(network->file->format),
                         byteText(network->file->bytes), summary.facts}
                                   .join(u" · "_s)
                             : QString());
    m_bits->setSummary(summary);
    fillList(*m_noisiest, summary.noisiest);
    fillList(*m_saturated, summary.saturated);
    fillList(*m_wasteful, summary.wasteful);
}

} // namespace quantscope
