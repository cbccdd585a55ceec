#include "pages/overview/layer_strip_bar.h"

#include "items/text.h"
#include "look/controls.h"
#include "look/theme.h"
#include "session/session.h"

#include <QHelpEvent>
#include <QMenu>
#include <QPainter>
#include <QToolTip>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace quantscope {

static constexpr int kSpacing = 8;

/// From all that can be said to the least; the first that fits is shown.
static const std::array<StripDetail, 12> kDetails{{{6, 1000, true, true}, {4, 1000, true, true}, {3, 28, true, true},
    {3, 20, true, true}, {2, 20, true, true}, {2, 14, true, true}, {1, 14, true, true}, {1, 10, true, true},
    {1, 10, true, false}, {1, 14, false, false}, {1, 9, false, false}, {1, 6, false, false}}};

LayerStripBar::LayerStripBar(Session &session, QWidget *parent)
    : QWidget(parent)
    , m_session(session)
{
    setObjectName(u"layer-strip"_s);
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    for (const bool feeds : {true, false})
        for (StripLink *&link : feeds ? m_feeding : m_fed) {
            link = new StripLink(this);
            link->hide();
            connect(link, &StripLink::clicked, this, [this, shown = link, feeds] { activate(shown, feeds); });
        }
    hide();
}

LayerStripBar::~LayerStripBar() = default;

void LayerStripBar::refresh()
{
    const Layer *layer = m_session.state() == Session::State::Ready ? m_session.currentLayer() : nullptr;
    if (m_network != m_session.network()) {
        m_neighbourhoods.reset();
        m_network = m_session.network();
    }
    if (layer && !m_neighbourhoods)
        m_neighbourhoods = std::make_unique<Neighbourhoods>(*m_network);
    m_shown = layer ? m_neighbourhoods->of(layer->id) : Neighbourhood();
    m_layer = layer ? layer->id : LayerId{};
    setVisible(!m_shown.empty());
    arrange();
    settleFocus();
}

int LayerStripBar::widthOf(const std::vector<StripPart> &parts, const StripDetail &detail) const
{
    int width = 0;
    for (const StripPart &part : parts) {
        const bool link = part.kind == StripPart::Kind::Link || part.kind == StripPart::Kind::More;
        width += (link ? StripLink::widthOf(part, detail) : StripLabel(part, detail).width()) + kSpacing;
    }
    return width - kSpacing;
}

void LayerStripBar::arrange()
{
    std::vector<StripPart> parts;
    for (const StripDetail &detail : kDetails) {
        if (m_shown.empty())
            break;
        m_detail = detail;
        parts = stripParts(*m_network, m_layer, m_shown, detail.most);
        if (widthOf(parts, detail) <= width())
            break;
    }
    m_line.clear();
    std::array<std::size_t, 2> used{};
    bool feeds = true;
    int x = 0;
    for (const StripPart &part : parts) {
        Placed placed{part, QRect(x, 0, StripLabel(part, m_detail).width(), height()), nullptr};
        feeds = feeds && part.kind != StripPart::Kind::Here;
        if (part.kind == StripPart::Kind::Link || part.kind == StripPart::Kind::More) {
            placed.link = (feeds ? m_feeding : m_fed)[used[feeds ? 0 : 1]++];
            placed.link->setPart(part, m_detail, feeds);
            placed.rect.setWidth(placed.link->sizeHint().width());
            placed.link->setGeometry(placed.rect);
            placed.link->show();
        }
        x += placed.rect.width() + kSpacing;
        m_line.push_back(placed);
    }
    for (const bool feeding : {true, false})
        for (std::size_t at = used[feeding ? 0 : 1]; at < m_feeding.size(); ++at)
            (feeding ? m_feeding : m_fed)[at]->hide();
    setAccessibleName(parts.empty() ? QString() : tr("where the layer sits: %1").arg(text()));
    update();
}

QString LayerStripBar::text() const
{
    QStringList pieces;
    for (const Placed &placed : m_line) {
        const StripLabel label(placed.part, m_detail);
        pieces << (label.type.isEmpty() ? label.name : label.name + u' ' + label.type);
    }
    return pieces.join(u"  "_s);
}

QSize LayerStripBar::sizeHint() const { return {400, StripLink::lineHeight()}; }
QSize LayerStripBar::minimumSizeHint() const { return {0, StripLink::lineHeight()}; }

void LayerStripBar::paintEvent(QPaintEvent *)
{
    QPainter painter(this);
    const Colours &c = colours();
    for (const Placed &placed : m_line) {
        if (placed.link)
            continue;
        const bool here = placed.part.kind == StripPart::Kind::Here;
        const QColor name = placed.part.differs ? c.redText : here ? c.text : c.dim;
        StripLabel(placed.part, m_detail).paint(painter, placed.rect, name, placed.part.differs ? c.redText : c.dim);
    }
}

void LayerStripBar::resizeEvent(QResizeEvent *event)
{
    QWidget::resizeEvent(event);
    arrange();
}

/// The tooltips of what is painted.
bool LayerStripBar::event(QEvent *event)
{
    if (event->type() != QEvent::ToolTip)
        return QWidget::event(event);
    const auto *help = static_cast<QHelpEvent *>(event);
    for (const Placed &placed : m_line)
        if (!placed.link && !placed.part.tip.isEmpty() && placed.rect.contains(help->pos())) {
            QToolTip::showText(help->globalPos(), plainTip(placed.part.tip), this, placed.rect);
            return true;
        }
    QToolTip::hideText();
    return true;
}

void LayerStripBar::activate(StripLink *link, bool feeds)
{
    const bool byKey = link->hasFocus();
    if (link->part().kind == StripPart::Kind::Link)
        return walkTo(link->part().layer, feeds, byKey);
    auto *menu = new QMenu(this);
    menu->setAttribute(Qt::WA_DeleteOnClose);
    menu->setToolTipsVisible(true);
    for (const StripPart &part : link->part().more) {
        QAction *action = menu->addAction(stripText(part, 60).replace(u'&', u"&&"_s));
        action->setToolTip(plainTip(part.tip));
        action->setEnabled(part.kind == StripPart::Kind::Link);
        connect(action, &QAction::triggered, this,
            [this, layer = part.layer, feeds, byKey] { walkTo(layer, feeds, byKey); });
    }
    menu->popup(link->mapToGlobal(QPoint(0, link->height())));
}

void LayerStripBar::walkTo(const QString &layer, bool feeds, bool byKey)
{
    if (!m_session.network() || !m_session.network()->layer(str(layer)))
        return;
    m_focusWanted = !byKey ? 0 : feeds ? -1 : 1;
    m_session.selectLayers({layer});
}

/// Walking on by key: the first link of the same side has the focus then, else that of the other.
void LayerStripBar::settleFocus()
{
    const int wanted = std::exchange(m_focusWanted, 0);
    if (wanted == 0)
        return;
    const Links &same = wanted < 0 ? m_feeding : m_fed, &other = wanted < 0 ? m_fed : m_feeding;
    for (StripLink *link : {same.front(), other.front()})
        if (!link->isHidden())
            return link->setFocus(Qt::OtherFocusReason);
}

} // namespace quantscope
