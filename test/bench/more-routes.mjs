/**
 * Adds a route that throws and, to see how the cost grows, as many others as $ROUTES says.
 *
 * @param router of Express, or an app
 */
export function addRoutes(router) {
  router.get('/fail', () => {
    throw new Error('it fails');
  });
  for (let i = 0; i < Number(process.env.ROUTES ?? 0); i++) {
    router.get(`/routes/${i}`, (_req, res) => {
      res.json({ route: i });
    });
  }
  return router;
}
