import Foundation
import Scratch
import StrictJSON

/// The path of a fixture made by `Tools/make_parity_fixtures.py`.
func fixture(_ name: String) -> String { Bundle.module.fixture(name) }

/// A fixture's JSON.
func fixtureJSON(_ name: String) throws -> JSONValue { try Bundle.module.fixtureJSON(name) }
