#pragma once

#include "pages/overview/strip_link.h"

#include <QWidget>

#include <array>
#include <memory>
#include <vector>

namespace quantscope {

class Session;

/// Where the layer sits: what feeds it, the operators between, and what it feeds, with type and scale. Every end is a
/// link that selects its layer. Absent where nothing is known of it.
class LayerStripBar : public QWidget {
    Q_OBJECT
public:
    explicit LayerStripBar(Session &session, QWidget *parent = nullptr);
    ~LayerStripBar() override;
    void refresh();
    const Neighbourhood &shown() const { return m_shown; }
    /// The line as it is shown, pieces apart by two spaces.
    QString text() const;
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

protected:
    void paintEvent(QPaintEvent *event) override;
    void resizeEvent(QResizeEvent *event) override;
    bool event(QEvent *event) override;

private:
    static constexpr std::size_t kMostEnds = 6;
    using Links = std::array<StripLink *, kMostEnds + 2>;
    struct Placed {
        StripPart part;
        QRect rect;
        StripLink *link = nullptr;
    };

    void arrange();
    int widthOf(const std::vector<StripPart> &parts, const StripDetail &detail) const;
    void activate(StripLink *link, bool feeds);
    void walkTo(const QString &layer, bool feeds, bool byKey);
    void settleFocus();

    Session &m_session;
    std::shared_ptr<const Network> m_network;
    std::unique_ptr<Neighbourhoods> m_neighbourhoods; ///< of m_network
    Neighbourhood m_shown;
    LayerId m_layer{};
    StripDetail m_detail;
    std::vector<Placed> m_line;
    Links m_feeding, m_fed;
    int m_focusWanted = 0; ///< after a walk by key: -1 the first link that feeds, 1 the first that is fed
};

} // namespace quantscope
